"""What keys may do: so many calls, for so long, and never what is another's or a person's."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from agents.api.people.calls import PersonCall
from agents.models import AgentKey
from agents.models.agent_key import Scope
from agents.services import rotate_key
from reviews.models import AuditEntry, Decision, OutcomeRun, Review
from tests.agents.persons import PersonClient
from tests.building import build_house, let_the_agent_act
from tests.conftest import AgentClient
from tests.deciding import case_of
from tests.flows.admin_pages import logged_in
from workflows.models import Agent, WebhookEndpoint, Workflow

pytestmark = pytest.mark.django_db


class TestLimits:
    def test_a_call_too_many_is_told_when_to_come_back(self, house, agent):
        cache.clear()
        AgentKey.objects.update(calls_per_minute=2)
        with time_machine.travel("2031-01-01T00:00:20Z", tick=False) as clock:
            assert [agent.get("/api/v1/cases").status_code for _ in range(3)] == [200, 200, 429]
            refused = agent.post()
            assert refused.status_code == 429
            assert refused.json()["type"].endswith("too-many-requests")
            assert 40 <= int(refused.headers["Retry-After"]) <= 41
            clock.shift(41)
            assert agent.post().status_code == 201

    def test_another_key_of_the_agent_has_its_own_count(self, house, agent):
        cache.clear()
        AgentKey.objects.update(calls_per_minute=1)
        assert agent.get("/api/v1/cases").status_code == 200
        assert agent.get("/api/v1/cases").status_code == 429
        agent.key = AgentKey.make(house.agent)[1]
        assert agent.get("/api/v1/cases").status_code == 200


class TestExchange:
    @pytest.mark.control("9.4.3")
    def test_both_keys_work_for_a_while_and_then_the_new_one_alone(self, house, agent):
        house.key_row.workflows.set([house.workflow])
        new, key = rotate_key(house.key_row, by=house.admin, overlap=timedelta(hours=1))
        other = AgentClient(key)
        assert agent.post().status_code == other.post(key="n").status_code == 201
        assert list(new.workflows.all()) == [house.workflow]
        assert new.scopes == house.key_row.scopes
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            assert agent.post().status_code == 401
            assert other.post(key="m").status_code == 201
        assert AuditEntry.objects.filter(event="key.rotated").count() == 1

    def test_an_exchange_lengthens_no_life(self, house):
        soon = timezone.now() + timedelta(minutes=5)
        AgentKey.objects.update(expires_at=soon)
        rotate_key(house.key_row, by=house.admin, overlap=timedelta(days=1))
        assert AgentKey.objects.get(pk=house.key_row.pk).expires_at == soon

    def test_it_is_done_on_the_keys_page(self, house, agent):
        client = logged_in(house.admin)
        address = f"/admin/agents/agentkey/{house.key_row.pk}/rotate/"
        assert client.get(address).status_code == 200
        page = client.post(address, {"hours": "24"})
        key = re.search(r"hr_[0-9a-f]{8}_[\w-]+", page.content.decode())[0]
        assert AgentClient(key).post().status_code == 201
        assert "no-cache" in page["Cache-Control"]
        AgentKey.objects.filter(pk=house.key_row.pk).update(revoked_at=timezone.now())
        assert client.post(address, {"hours": "24"}).status_code == 409
        assert logged_in(house.one).post(address, {"hours": "24"}).status_code in (302, 403)


def routes(patterns=None, before=""):
    for pattern in patterns or get_resolver().url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from routes(pattern.url_patterns, route)


# Those of people have doors of their own: tests/agents/test_people_doors.py.
PEOPLE = [
    (route, view)
    for route, view in routes()
    if issubclass(getattr(view, "view_class", object), PersonCall)
]
CALLS = [
    (route, method)
    for route, view in routes()
    if route.startswith("api/v1/") and (route, view) not in PEOPLE
    for method in getattr(getattr(view, "view_class", None), "scopes", {})
]


def test_the_map_of_calls_is_read():
    assert len(CALLS) >= 15


@pytest.mark.parametrize(("route", "method"), CALLS)
@pytest.mark.control("9.4.1")
def test_another_agents_key_reads_nothing(route, method, db):
    """Found in the map of addresses, so that a new call is covered the day it is added."""
    house = let_the_agent_act(build_house())
    case = case_of(AgentClient(house.key).post())
    stranger = Agent.objects.create(name="Stranger", slug="stranger", owner=house.owner)
    _row, key = AgentKey.make(stranger, scopes=Scope.values)
    values = {"public_id": case.public_id, "nonce": case.permits.get().nonce, "slug": "none-such"}
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], route)
    answer = Client().generic(
        method,
        f"/{path}",
        data="{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "one"},
    )
    if "<" in route:
        assert answer.status_code == 404, (route, answer.content)
    for secret in (case.id.hex, "order-A1", case.permits.get().nonce):
        assert secret.encode() not in answer.content
    assert case.permits.get().redeemed_at is None and not case.receipts.exists()


@pytest.mark.control("9.4.1")
def test_a_key_for_one_workflow_reads_no_case_of_another(db):
    house = let_the_agent_act(build_house())
    agent = AgentClient(house.key)
    case = case_of(agent.post())
    other = Workflow.objects.create(
        name="Other",
        slug="other",
        purpose="Another",
        owner_team=house.extra["team"],
        exception_queue=house.exceptions,
    )
    house.key_row.workflows.set([other])
    nonce = case.permits.get().nonce
    for path in (case.public_id, f"{case.public_id}/events"):
        assert agent.get(f"/api/v1/cases/{path}").status_code == 404
    assert agent.get("/api/v1/cases").json()["data"] == []
    headers = {"Authorization": f"Bearer {agent.key}"}
    redeemed = agent.http.post(
        f"/api/v1/permits/{nonce}/redeem",
        data={},
        content_type="application/json",
        headers=headers,
    )
    assert redeemed.status_code == 404


OPEN_TO_ALL = re.compile(
    r"health/|\.well-known/|api/(schema|docs|problems)|login|admin/login|accounts/|account/|static|"
    r"i18n|jsi18n"
)


@pytest.mark.parametrize("whose", ["agent", "person"])
def test_neither_an_agents_key_nor_a_token_opens_a_page(house, agent, whose):
    """On every address there is, however it is asked: pages are for people who are logged in."""
    review = Review.objects.get(case=case_of(agent.post(confidence=0.5)))
    secret = agent.key if whose == "agent" else PersonClient(house.admin).token
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
    answered = []
    for route, _view in routes():
        if route.startswith("api/v1/") or OPEN_TO_ALL.search(route):
            continue
        path = re.sub(r"\(\?P<\w+>[^)]*\)|<(?:uuid:)?\w*(?:review|pk|id)\w*>", review.pk.hex, route)
        path = re.sub(r"<(\w+:)?\w+>", lambda found: filled(found[1], review), path)
        for method in ("GET", "POST"):
            body = {"verdict": "approve", "revision": 1}
            answer = getattr(agent.http, method.lower())(
                "/" + path.strip("^$"), body, headers=headers
            )
            if answer.status_code < 300:
                answered.append((method, route))
    assert answered == []
    assert Review.objects.get().state == "OPEN" and not Decision.objects.exists()


def filled(converter, review):
    if converter == "int:":
        return "1"
    return review.case.public_id if "case" in (converter or "") else str(review.pk)


class TestDeadLetters:
    def dead(self, house, agent):
        endpoint = WebhookEndpoint(agent=house.agent, label="hook", events=["case.decided"])
        endpoint.url, endpoint.secrets = "https://agent.example/hook", []
        endpoint.save()
        case_of(agent.post())
        OutcomeRun.objects.filter(kind="webhook").update(state="FAILED", attempts=10)
        return OutcomeRun.objects.get(kind="webhook"), endpoint

    def test_a_message_that_failed_is_sent_again_with_one_press(self, house, agent):
        run, _endpoint = self.dead(house, agent)
        client = logged_in(house.admin)
        listed = client.get("/admin/reviews/outcomerun/?state=FAILED&kind=webhook")
        assert run.event in listed.content.decode()
        page = client.get(f"/admin/reviews/outcomerun/{run.pk}/change/").content.decode()
        assert f"{run.pk}/send-again/" in page
        assert client.post(f"/admin/reviews/outcomerun/{run.pk}/send-again/").status_code == 302
        again = OutcomeRun.objects.get(pk=run.pk)
        # Its attempts go on counting: an old worker can never carry the number of a new one.
        assert (again.state, again.attempts) == ("PENDING", run.attempts)
        assert bytes(again.body) == bytes(run.body)
        entry = run.case.audit_entries.get(event="outcome.requeued")
        assert entry.actor == f"user:{house.admin.pk}"
        assert client.post(f"/admin/reviews/outcomerun/{run.pk}/send-again/").status_code == 409

    def test_nothing_is_sent_to_an_address_that_is_switched_off(self, house, agent):
        run, endpoint = self.dead(house, agent)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=False)
        client = logged_in(house.admin)
        refused = client.post(f"/admin/reviews/outcomerun/{run.pk}/send-again/")
        assert refused.status_code == 409 and "switched off" in refused.content.decode()
        assert OutcomeRun.objects.get(pk=run.pk).state == "FAILED"

    def test_who_may_not_sends_nothing(self, house, agent):
        run, _endpoint = self.dead(house, agent)
        answer = logged_in(house.one).post(f"/admin/reviews/outcomerun/{run.pk}/send-again/")
        assert answer.status_code in (302, 403)
        assert OutcomeRun.objects.get(pk=run.pk).state == "FAILED"
