"""Blind audits that find the agent wrong open its breaker; people close it, in two steps."""

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections, transaction
from django.urls import reverse

from reviews.models import AuditEntry, AuditMonitor, Case, Notification, Review
from reviews.services import answers, audits, claims
from reviews.services.alarms import hear
from reviews.services.stops import close_stop, half_open_stop
from tests.building import allow, build_house, person
from tests.conftest import AgentClient
from tests.deciding import case_of, fresh
from workflows.compiler import plan_of
from workflows.models import Stop

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(db):
    return build_house(audit_rate=1.0)


@pytest.fixture
def agent(house):
    return AgentClient(house.key)


def audit(case, reviewer, *, wrong):
    review = claims.claim_review(Review.objects.get(case=case, kind="AUDIT"), reviewer=reviewer)
    action = case.proposals.get().action
    own = {"name": "refund", "args": action["args"] | ({"amount": "1.00"} if wrong else {})}
    plan = plan_of(case.release_id)
    answers.commit_answer(review, reviewer=reviewer, action=own, plan=plan)
    return audits.judge_audit(review, reviewer=reviewer, wrong=wrong)


def find_wrong(agent, house, *, times=2):
    for _ in range(times):
        audit(case_of(agent.post()), house.one, wrong=True)


def test_the_breaker_opens_with_the_audit_that_raises_the_alarm(house, agent):
    find_wrong(agent, house, times=1)
    assert not Stop.objects.exists() and agent.post().json()["lane"] == "auto"
    find_wrong(agent, house, times=1)
    stop = Stop.objects.get()
    assert (stop.cause, stop.agent, stop.agent_version) == ("BREAKER", house.agent, "2.1")
    assert "2 of 2 blind audits" in stop.reason
    body = agent.post().json()
    assert (body["lane"], body["reasons"][0]["trigger"]) == ("human", "stop")
    assert agent.post(agent_version="2.2").json()["lane"] == "auto"
    opened = AuditEntry.objects.get(event="stop.opened")
    assert opened.actor == "system" and opened.chain == f"agent:{house.agent.pk}"


def test_its_people_are_told(house, agent):
    find_wrong(agent, house)
    told = Notification.objects.filter(kind="BREAKER")
    assert house.owner.pk in told.values_list("user_id", flat=True)


def test_the_bound_and_the_alarm_stand_on_the_workflows_page(house, agent, client):
    audit(case_of(agent.post(category="shoes")), house.one, wrong=True)
    client.force_login(house.admin)
    address = reverse("admin:workflows_workflow_threshold", args=[house.workflow.pk])
    page = client.get(address)
    [one] = page.context["monitors"]
    assert one["row"].category == "shoes" and one["bounds"][1] == 1.0
    assert 0.5 <= one["alarm"] < 1
    assert "What the blind audits say" in page.content.decode()


def test_audits_that_find_it_right_open_nothing(house, agent):
    for _ in range(5):
        audit(case_of(agent.post()), house.one, wrong=False)
    assert not Stop.objects.exists()
    row = AuditMonitor.objects.get()
    assert (row.audits, row.wrong) == (5, 0)


def test_half_open_lets_pass_and_audits_everything_and_an_alarm_opens_it_again(db):
    house = build_house(audit_rate=0.0)
    agent = AgentClient(house.key)
    case = case_of(agent.post())
    hear(case, wrong=True)
    hear(case, wrong=True)
    stop = Stop.objects.get()
    with pytest.raises(ValidationError, match="Half open it first"):
        close_stop(stop, by=house.admin, reason="It looks fine.")
    half_open_stop(stop, by=house.admin, reason="The prices are mended.")
    watched = case_of(agent.post())
    assert (watched.lane, watched.audit_selected, watched.label_propensity) == ("AUTO", True, 1.0)
    audit(watched, house.one, wrong=True)
    audit(case_of(agent.post()), house.one, wrong=True)
    assert Stop.objects.get().half_opened_at is None
    assert agent.post().json()["lane"] == "human"
    half_open_stop(stop, by=house.admin, reason="Mended for good.")
    close_stop(Stop.objects.get(), by=house.admin, reason="Twenty audits without a fault.")
    assert case_of(agent.post()).audit_selected is False
    events = AuditEntry.objects.filter(chain=f"agent:{house.agent.pk}").order_by("position")
    assert [entry.event for entry in events if entry.event.startswith("stop.")] == [
        "stop.opened",
        "stop.half_opened",
        "stop.opened",
        "stop.half_opened",
        "stop.closed",
    ]


def test_it_takes_the_permission_and_a_reason(house, agent, client):
    find_wrong(agent, house)
    stop = Stop.objects.get()
    with pytest.raises(PermissionDenied):
        half_open_stop(stop, by=house.one, reason="I think so.")
    with pytest.raises(ValidationError):
        half_open_stop(stop, by=house.admin, reason=" ")
    client.force_login(allow(person("lead", staff=True), "close_stop"))
    address = reverse("admin:workflows_stop_half", args=[stop.pk])
    assert client.post(address, {"reason": "Mended."}).status_code == 302
    assert Stop.objects.get().half_opened_at is not None


def test_audits_that_were_not_blind_raise_no_alarm(house, agent):
    for _ in range(4):
        case = case_of(agent.post())
        Case.objects.filter(pk=case.pk).update(presentation="AI_FIRST")
        review = Review.objects.get(case=case, kind="AUDIT")
        claims.claim_review(review, reviewer=house.one)
        audits.judge_audit(review, reviewer=house.one, wrong=True, comment="Too much.")
        assert fresh(case).wrong is True
    assert not AuditMonitor.objects.exists() and not Stop.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_alarms_at_once_open_it_once(transactional_db):
    house = build_house()
    case = case_of(AgentClient(house.key).post())
    barrier = threading.Barrier(4)

    def alarm():
        barrier.wait()
        with transaction.atomic():
            hear(Case.objects.get(pk=case.pk), wrong=True)
        connections.close_all()

    threads = [threading.Thread(target=alarm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Stop.objects.count() == 1
    assert AuditEntry.objects.filter(event="stop.opened").count() == 1
    row = AuditMonitor.objects.get()
    assert (row.audits, row.wrong) == (4, 4)
