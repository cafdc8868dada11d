"""A release takes two people where it says so, goes back in one step, and is compared in words."""

import pytest
from django.contrib.auth.models import Group

from reviews.models import AuditEntry
from reviews.services.people import make_groups
from reviews.services.publishing import new_draft, propose, publish
from tests.building import House, person
from tests.flows.admin_pages import logged_in, page_of, save
from workflows.admin.differences import differences
from workflows.models import Release


def step(release: Release, name: str) -> str:
    return f"/admin/workflows/release/{release.pk}/step/{name}/"


def state(release: Release) -> str:
    return Release.objects.get(pk=release.pk).state


def entries(house: House):
    return AuditEntry.objects.filter(chain=f"workflow:{house.workflow.pk}").order_by("position")


@pytest.fixture
def publisher(house):
    make_groups()
    user = person("a.publisher", staff=True)
    user.groups.add(Group.objects.get(name="Publisher"))
    return user


@pytest.fixture
def second(house):
    """A second release, live: it asks for two people from now on."""
    draft = new_draft(house.workflow, by=house.admin, notes="Two from now on")
    save(logged_in(house.admin), draft, two_people="on", audit_rate="0.25")
    return publish(propose(draft, by=house.admin), by=person("another", admin=True))


def test_who_made_or_proposed_a_release_does_not_publish_it(house, second, publisher):
    draft = new_draft(house.workflow, by=house.admin)
    made_by, proposed_by = logged_in(house.admin), logged_in(publisher)
    proposed_by.post(step(draft, "propose"))
    for client in (made_by, proposed_by):
        response = client.post(step(draft, "publish"))
        assert response.status_code == 403
        assert "so another publishes it" in response.content.decode()
    assert state(draft) == "PROPOSED"
    assert "Publishing takes two people" in made_by.get(page_of(draft)).content.decode()
    logged_in(person("third", admin=True)).post(step(draft, "publish"))
    assert state(draft) == "LIVE"


def test_nobody_switches_the_second_person_off_alone(house, second):
    draft = new_draft(house.workflow, by=house.admin)
    client = logged_in(house.admin)
    save(client, draft, two_people="")
    draft = Release.objects.get(pk=draft.pk)
    assert not draft.two_people
    client.post(step(draft, "propose"))
    assert client.post(step(draft, "publish")).status_code == 403


def test_a_release_that_was_live_comes_back_in_one_step(house, publisher):
    draft = new_draft(house.workflow, by=house.admin)
    save(logged_in(house.admin), draft, audit_rate="0.25")
    publish(propose(draft, by=house.admin), by=house.admin)
    client = logged_in(publisher)
    page = client.get(step(house.release, "roll-back")).content.decode()
    assert "0.25" in page and "0.0" in page
    empty = client.post(step(house.release, "roll-back"), {"reason": ""})
    assert empty.status_code == 200 and state(draft) == "LIVE"
    client.post(step(house.release, "roll-back"), {"reason": "Too many mistakes got through"})
    live = Release.objects.get(workflow=house.workflow, state="LIVE")
    assert live.number == 3 and live.notes == "Too many mistakes got through"
    assert differences(house.release, live) == [] and state(draft) == "RETIRED"
    back = entries(house).get(event="release.rolled_back")
    assert back.content["data"]["to"] == 1 and back.content["data"]["number"] == 3


def test_where_two_people_publish_a_way_back_waits_for_the_second(house, second, publisher):
    response = logged_in(publisher).post(
        step(house.release, "roll-back"), {"reason": "Back"}, follow=True
    )
    assert "is proposed, with the content of release 1" in response.content.decode()
    back = Release.objects.get(number=3)
    assert back.state == "PROPOSED" and state(second) == "LIVE"
    logged_in(house.admin).post(step(back, "publish"))
    assert state(back) == "LIVE"


@pytest.mark.parametrize("number", [2, 3])
def test_only_what_was_live_comes_back(house, second, number):
    new_draft(house.workflow, by=house.admin)
    never = house.workflow.releases.get(number=number)
    response = logged_in(house.admin).post(step(never, "roll-back"), {"reason": "x"})
    assert response.status_code == 409
    assert house.workflow.releases.count() == 3


def test_a_designer_cannot_roll_back(house, second):
    make_groups()
    designer = person("a.designer", staff=True)
    designer.groups.add(Group.objects.get(name="Designer"))
    response = logged_in(designer).post(step(house.release, "roll-back"), {"reason": "x"})
    assert response.status_code == 403 and house.workflow.releases.count() == 2


def test_two_releases_are_compared_in_words(house, second):
    client = logged_in(house.admin)
    address = f"/admin/workflows/release/{second.pk}/compare/"
    page = client.get(address).content.decode()
    assert "What release 2 changes against release 1" in page
    assert "Audit rate: 0.0 → 0.25" in page
    turned = client.get(
        f"/admin/workflows/release/{house.release.pk}/compare/", {"other": second.pk}
    )
    assert "Audit rate: 0.0 → 0.25" in turned.content.decode()
    nonsense = client.get(address, {"other": "999999"})
    assert nonsense.status_code == 200 and "Audit rate: 0.5" not in nonsense.content.decode()
