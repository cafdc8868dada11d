"""A narrowed queue page under a name: kept on the server, shared, passed on by its address."""

import pytest

from reviews.models import SavedView
from reviews.services import saved_views
from tests.building import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def save(client, name, query, team=""):
    return client.post("/views/", {"name": name, "query": query, "team": team}, follow=True)


def test_a_view_opens_the_list_as_it_was_narrowed(one, agent, house):
    agent.post(confidence=0.5, external_id="unsure")
    agent.post(amount="2000.00", external_id="large")
    answer = save(one, "Large ones", "trigger=value_above&value_from=1500&after=x&evil=1")
    shown = answer.content.decode()
    assert "Saved as “Large ones”" in shown
    assert "<h1><bdi>Large ones</bdi></h1>" in shown
    assert "large" in shown
    assert "unsure" not in shown
    view = SavedView.objects.get()
    assert view.query == "trigger=value_above&value_from=1500"
    assert one.get(f"/views/{view.pk}/").url.startswith("/?trigger=value_above")


def test_the_same_name_again_takes_the_new_filters(one, house):
    save(one, "Mine", "state=mine")
    save(one, "Mine", "state=taken")
    assert SavedView.objects.get().query == "state=taken"


def test_a_view_is_seen_by_its_owner_and_the_team_it_is_shared_with(one, client, house):
    save(one, "For all", "due=late", team=house.extra["team"].pk)
    save(one, "For me", "due=hour")
    shared, own = (SavedView.objects.get(name=name) for name in ("For all", "For me"))
    client.force_login(house.two)
    shown = client.get("/").content.decode()
    assert "For all" in shown
    assert "For me" not in shown
    assert client.get(f"/views/{own.pk}/").status_code == 404
    assert client.post(f"/views/{shared.pk}/delete/").status_code == 404
    client.force_login(person("stranger"))
    assert client.get(f"/views/{shared.pk}/").status_code == 404


def test_nobody_shares_with_a_team_they_are_not_in(one, house):
    answer = save(one, "Sly", "due=late", team=house.extra["seniors"].pk)
    assert "Select a valid choice" in answer.content.decode()
    assert not SavedView.objects.exists()


def test_a_view_without_a_name_loses_nothing_that_was_chosen(one):
    shown = save(one, "", "text=sofa").content.decode()
    assert "This field is required" in shown
    assert 'value="text=sofa"' in shown


def test_a_view_is_deleted_by_its_owner(one, house):
    save(one, "Short lived", "due=late")
    view = SavedView.objects.get()
    assert "is gone" in one.post(f"/views/{view.pk}/delete/", follow=True).content.decode()
    assert not SavedView.objects.exists()


def test_a_rail_does_not_grow_without_end(one, house, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 1)
    save(one, "First", "due=late")
    assert "delete one first" in save(one, "Second", "due=late").content.decode()
    assert SavedView.objects.count() == 1
