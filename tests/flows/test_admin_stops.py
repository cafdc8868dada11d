"""The stop: pulled by hand with a reason, seen by everybody, closed by who may."""

import pytest

from reviews.models import AuditEntry
from tests.building import House, allow, person
from tests.flows.admin_pages import logged_in, page_of
from workflows.models import Stop

PULL = "/admin/workflows/stop/pull/"


@pytest.fixture
def client(house: House):
    return logged_in(house.admin)


def test_the_stop_over_everything_sends_the_next_case_to_a_person(house, client, agent):
    assert agent.post().json()["lane"] == "auto"
    assert client.post(PULL, {"reason": "Wrong prices since noon."}).url == "/admin/"
    assert agent.post().json()["lane"] == "human"
    page = client.get("/admin/").content.decode()
    assert "everything" in page and "Wrong prices since noon." in page


def test_the_stop_of_one_agent_begins_on_its_page(house, client):
    link = f"{PULL}?agent={house.agent.pk}"
    assert link in client.get(page_of(house.agent)).content.decode()
    page = client.get(link).content.decode()
    assert f'<option value="{house.agent.pk}" selected>' in page
    client.post(link, {"agent": house.agent.pk, "reason": "It loops."})
    stop = Stop.objects.get()
    assert (stop.agent, stop.workflow, stop.opened_by) == (house.agent, None, house.admin)
    assert "It loops." in client.get(page_of(house.agent)).content.decode()
    entry = AuditEntry.objects.get(event="stop.opened")
    assert (
        entry.chain == f"agent:{house.agent.pk}" and entry.content["data"]["reason"] == "It loops."
    )


def test_a_stop_is_pulled_once_and_closed_with_a_reason(house, client):
    client.post(PULL, {"reason": "Now."})
    again = client.post(PULL, {"reason": "Again."})
    assert again.status_code == 409 and "open already" in again.content.decode()
    stop = Stop.objects.get()
    close = f"/admin/workflows/stop/{stop.pk}/close/"
    assert "This field is required" in client.post(close, {"reason": " "}).content.decode()
    assert client.post(close, {"reason": "Checked."}).status_code == 302
    stop = Stop.objects.get()
    assert (stop.closed_by, stop.close_reason) == (house.admin, "Checked.")
    assert client.post(close, {"reason": "x"}).status_code == 409
    assert "Stopped" not in client.get("/admin/").content.decode()


def test_who_may_pull_may_not_therefore_close(house):
    client = logged_in(allow(person("lead", staff=True), "open_stop"))
    assert client.post(PULL, {"reason": "Smoke."}).status_code == 302
    close = f"/admin/workflows/stop/{Stop.objects.get().pk}/close/"
    assert client.post(close, {"reason": "x"}).status_code == 403
    assert Stop.objects.open().count() == 1


def test_who_may_not_pull_is_refused(house):
    looker = logged_in(allow(person("looker", staff=True), "view_stop"))
    assert looker.post(PULL, {"reason": "x"}).status_code == 403
    nobody = logged_in(person("nobody", staff=True))
    assert nobody.get(PULL).status_code == 403
    assert not Stop.objects.exists()


@pytest.mark.parametrize("given", ["abc", "-1", "99999999999999999999999", "٣"])
def test_a_strange_scope_in_the_address_is_no_error(client, given):
    assert client.get(PULL, {"agent": given}).status_code == 200
    assert client.post(PULL, {"agent": given, "reason": "x"}).status_code == 200
