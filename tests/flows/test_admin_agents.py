"""Agents and their keys: made, shown once, taken away; addresses and secrets never shown."""

import re

import pytest

from agents.models import AgentKey
from reviews.models import AuditEntry
from tests.building import House, allow, person
from tests.conftest import AgentClient
from tests.flows.admin_pages import logged_in, page_of, save
from workflows.models import Agent, Secret, WebhookEndpoint


@pytest.fixture
def client(house: House):
    return logged_in(house.admin)


def new_key(house: House) -> str:
    return f"/admin/workflows/agent/{house.agent.pk}/new-key/"


def events(house: House) -> list[str]:
    entries = AuditEntry.objects.filter(chain=f"agent:{house.agent.pk}").order_by("position")
    return [entry.event for entry in entries]


def shown(response) -> str:
    assert "no-store" in response.headers["Cache-Control"]
    found = re.search(r'id="shown-once"[^>]*value="([^"]+)"', response.content.decode())
    return found[1]


def test_a_key_is_shown_once_and_opens_the_api(house, client):
    values = {"label": "production", "scopes": ["cases:create"], "workflows": [house.workflow.pk]}
    key = shown(client.post(new_key(house), values))
    assert AgentClient(key).post().status_code == 201
    row = AgentKey.objects.get(label="production")
    assert key not in client.get(page_of(row)).content.decode()
    assert key not in client.get(page_of(house.agent)).content.decode()
    assert list(row.workflows.all()) == [house.workflow]
    assert row.created_by == house.admin
    assert events(house) == ["key.created"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"scopes": ["cases:create"]}, "required"),
        ({"label": "x"}, "required"),
        ({"label": "x", "scopes": ["everything"]}, "Select a valid choice"),
        (
            {"label": "x", "scopes": ["cases:read"], "expires_at": "2020-01-01T00:00"},
            "would have expired already",
        ),
        ({"label": "x", "scopes": ["cases:read"], "expires_at": "soon"}, "valid date"),
    ],
)
def test_a_key_that_could_not_be_used_is_not_made(house, client, values, words):
    response = client.post(new_key(house), values)
    assert words in response.content.decode()
    assert house.agent.keys.count() == 1


def test_a_revoked_key_is_refused_from_the_next_call_on(house, client, agent):
    address = f"/admin/agents/agentkey/{house.key_row.pk}/revoke/"
    assert client.get(address).status_code == 200
    assert agent.post().status_code == 201
    client.post(address)
    assert agent.post().status_code == 401
    again = client.post(address)
    assert again.status_code == 409 and "revoked already" in again.content.decode()
    assert events(house) == ["key.revoked"]


def test_a_suspended_agent_is_refused_until_it_is_reinstated(house, client, agent):
    address = f"/admin/workflows/agent/{house.agent.pk}/step"
    assert client.post(f"{address}/suspend/", {"reason": ""}).status_code == 200
    assert agent.post().status_code == 201
    client.post(f"{address}/suspend/", {"reason": "It sent nonsense."})
    assert Agent.objects.get(pk=house.agent.pk).state == "SUSPENDED"
    assert agent.post().status_code == 401
    client.post(f"{address}/reinstate/", {"reason": "Mended."})
    assert agent.post().status_code == 201
    assert events(house) == ["agent.suspended", "agent.reinstated"]


def test_who_only_looks_makes_no_key_and_suspends_nobody(house):
    user = allow(person("looker", staff=True), "view_agent", "view_agentkey")
    client = logged_in(user)
    assert client.get(page_of(house.agent)).status_code == 200
    values = {"label": "mine", "scopes": ["cases:read"]}
    assert client.post(new_key(house), values).status_code == 403
    address = f"/admin/workflows/agent/{house.agent.pk}/step/suspend/"
    assert client.post(address, {"reason": "x"}).status_code == 403
    revoke = f"/admin/agents/agentkey/{house.key_row.pk}/revoke/"
    assert client.post(revoke).status_code == 403
    assert house.agent.keys.count() == 1 and house.agent.state == "ACTIVE"


def test_an_agent_is_never_deleted_and_keeps_its_name_in_calls(house, client):
    assert client.post(f"/admin/workflows/agent/{house.agent.pk}/delete/").status_code == 403
    save(client, house.agent, slug="other", purpose="Refunds")
    row = Agent.objects.get(pk=house.agent.pk)
    assert (row.slug, row.purpose) == ("refund-agent", "Refunds")


def test_an_endpoint_hides_its_address_and_shows_its_secret_once(house, client):
    values = {
        "agent": house.agent.pk,
        "label": "hooks",
        "new_url": "https://agent.example/hook?token=s3cret",
        "events": ["case.decided"],
        "format": "cloudevents",
        "is_active": "on",
    }
    response = client.post("/admin/workflows/webhookendpoint/add/", values)
    row = WebhookEndpoint.objects.get()
    assert response.url == f"/admin/workflows/webhookendpoint/{row.pk}/new-secret/"
    secret = shown(client.post(response.url))
    assert WebhookEndpoint.objects.get().secrets[0] == secret
    assert len(WebhookEndpoint.objects.get().secrets) == 2
    assert WebhookEndpoint.objects.get().format == "cloudevents"
    page = client.get(page_of(row)).content.decode()
    assert "s3cret" not in page and secret not in page
    save(client, row, label="renamed")
    assert WebhookEndpoint.objects.get().url == "https://agent.example/hook?token=s3cret"
    assert events(house) == ["endpoint.created", "endpoint.secret_renewed", "endpoint.changed"]


@pytest.mark.parametrize("url", ["", "agent.example/hook", "ftp://agent.example/", "https://"])
def test_an_address_that_cannot_be_called_is_refused(house, client, url):
    values = {"agent": house.agent.pk, "label": "hooks", "new_url": url}
    response = client.post("/admin/workflows/webhookendpoint/add/", values)
    assert response.context["adminform"].form.errors["new_url"]
    assert not WebhookEndpoint.objects.exists()


def test_a_secret_is_written_and_never_shown(house, client):
    values = {"name": "ledger", "new_value": "tok-123456"}
    client.post("/admin/workflows/secret/add/", values)
    secret = Secret.objects.get()
    assert secret.value == "tok-123456"
    assert "tok-123456" not in client.get(page_of(secret)).content.decode()
    save(client, secret, note="for the ledger")
    assert Secret.objects.get().value == "tok-123456"
    save(client, secret, new_value="tok-2")
    assert Secret.objects.get().value == "tok-2"
    response = save(client, secret, new_value="naïve\t")
    assert "printable ASCII" in str(response.context["adminform"].form.errors)
    assert client.post(f"/admin/workflows/secret/{secret.pk}/delete/").status_code == 403
