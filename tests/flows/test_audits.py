"""A share of what passed without a person is audited afterwards, by somebody who answers first."""

import pytest
from django.urls import reverse

from reviews.models import Decision, Label, OutcomeRun, Review
from reviews.services import audits, claims, moves, overrides
from reviews.services.decisions import NotYours
from reviews.services.reports import Truth, record_truth
from reviews.services.verdicts import InvalidVerdict
from reviews.services.walk import Walk
from reviews.views.answer_form import AnswerForm
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh, run_everything_due
from workflows.compiler import plan_of
from workflows.models import WebhookEndpoint

pytestmark = pytest.mark.django_db
SAME = {"order": "A1", "amount": "987.65", "method": "", "note": ""}


@pytest.fixture
def house(db):
    return build_house(audit_rate=1.0)


@pytest.fixture
def agent(house):
    return AgentClient(house.key)


@pytest.fixture
def case(agent):
    return case_of(agent.post(amount="987.65", data={"order": "A1", "amount": "1500.00"}))


def take(case, person):
    return claims.claim_review(Review.objects.get(case=case, kind="AUDIT"), reviewer=person)


def answer(client, review, **values):
    fields = {"answer:0:/action": "Refund"}
    for leaf in AnswerForm(plan_of(review.case.release_id)).editor.leaves():
        fields[leaf.name] = values[leaf.name.rpartition("/")[2]]
    return client.post(reverse("review-answer", args=[review.pk]), fields)


def judge(client, review, verdict, message=""):
    fields = {"verdict": verdict, "message": message, "active_seconds": "12.5"}
    return client.post(reverse("review-audit", args=[review.pk]), fields)


def test_what_passes_unasked_runs_and_waits_for_an_auditor_in_the_gates_queue(case, house):
    review = Review.objects.get(case=case)
    assert (review.kind, review.state, review.queue) == ("AUDIT", "OPEN", house.queue)
    assert (case.lane, case.label_propensity, case.audit_selected) == ("AUTO", 1.0, True)
    assert OutcomeRun.objects.filter(case=case, rule__isnull=False).exists()
    assert house.owner.pk in review.excluded_users


def test_nothing_of_it_is_told_before_the_auditor_has_answered(case, house, client):
    client.force_login(house.one)
    detail = reverse("case-detail", args=[case.pk])
    seen = [client.get(detail), client.get(reverse("queue-list"))]
    review = take(case, house.one)
    seen += [client.get(detail), client.get(reverse("case-follow", args=[case.pk]))]
    for page in seen:
        for secret in ("987.65", "parcel", "Photo", "0.95", "95 %"):
            assert secret not in page.content.decode(), secret
    assert judge(client, review, "right").status_code == 422
    answer(client, review, **SAME)
    assert "Photo shows damage" in client.get(detail).content.decode()


def test_the_same_answer_makes_the_agent_right(case, house, client):
    client.force_login(house.one)
    review = take(case, house.one)
    answer(client, review, **(SAME | {"note": "Only cosmetic"}))
    assert judge(client, review, "wrong").status_code == 422
    assert judge(client, review, "right").status_code == 302
    label = Label.objects.get(case=case)
    assert (label.source, label.wrong, label.is_blind) == ("AUDIT", False, True)
    assert (label.reviewer, label.active_seconds) == (house.one, 12.5)
    assert fresh(case).wrong is False and "audit.judged" in events(case)


def test_another_answer_is_judged_and_changes_nothing(case, house, client):
    before = (fresh(case).state, fresh(case).version, fresh(case).verdict)
    client.force_login(house.one)
    review = take(case, house.one)
    answer(client, review, **(SAME | {"amount": "500.00"}))
    page = client.get(reverse("case-detail", args=[case.pk])).content.decode()
    assert "You answered something else" in page and "500.00" in page
    assert judge(client, review, "right").status_code == 422
    assert judge(client, review, "wrong", "Half was paid back before.").status_code == 302
    assert fresh(case).wrong is True
    assert (fresh(case).state, fresh(case).version, fresh(case).verdict) == before
    assert not Decision.objects.filter(by="reviewer").exists()
    assert (
        "the agent was wrong" in client.get(reverse("case-detail", args=[case.pk])).content.decode()
    )
    entry = case.audit_entries.get(event="audit.judged")
    assert entry.content["data"]["differed"] == ["/action/args/amount"]
    assert b"Half was paid" not in bytes(entry.body)


def test_both_will_do_where_the_auditor_says_why(case, house, client):
    client.force_login(house.one)
    review = take(case, house.one)
    answer(client, review, **(SAME | {"method": "voucher"}))
    assert judge(client, review, "right", "A voucher is as good.").status_code == 302
    assert fresh(case).wrong is False


def test_the_agent_learns_nothing_of_an_audit(case, house, agent, client):
    path = f"/api/v1/cases/{case.public_id}"
    WebhookEndpoint.objects.create(
        agent=house.agent, label="all", url="https://agent.example/", events=["case.assigned"]
    )
    before = agent.get(path)
    client.force_login(house.one)
    review = take(case, house.one)
    answer(client, review, **SAME)
    judge(client, review, "right")
    after = agent.get(path)
    assert before.content == after.content and before.headers["ETag"] == after.headers["ETag"]
    assert not OutcomeRun.objects.filter(case=case, event="case.assigned").exists()
    assert not case.audit_entries.filter(event__startswith="review.claimed").exists()


def test_an_audit_is_decided_by_no_other_door(case, house):
    review = take(case, house.one)
    with pytest.raises(NotYours):
        decide(review, house.one)
    with pytest.raises(audits.NotAsked):
        audits.judge_audit(review, reviewer=house.two, wrong=False)
    with pytest.raises(InvalidVerdict):
        audits.judge_audit(review, reviewer=house.one, wrong=False)


def test_the_world_outranks_the_auditor(case, house, client):
    record_truth(case.pk, key="one", truth=Truth(wrong=True, kind="chargeback"))
    client.force_login(house.one)
    review = take(case, house.one)
    answer(client, review, **SAME)
    judge(client, review, "right")
    assert fresh(case).wrong is True and Label.objects.filter(case=case).count() == 2


def test_who_is_asked_about_a_failed_outcome_sees_it_while_the_audit_is_open(case, house, client):
    run_everything_due()
    assert fresh(case).state == "FAILED"
    client.force_login(house.one)
    assert "Photo shows" in client.get(reverse("case-detail", args=[case.pk])).content.decode()
    audits.judge_audit(take(case, house.one), reviewer=house.one, wrong=False)
    assert Label.objects.get(case=case).is_blind is False


def test_a_reversal_leaves_the_audit_open(case, house):
    run_everything_due()
    shown = overrides.planned(Walk.reading(fresh(case))).digest
    overrides.reverse_case(case, by=house.admin, reason="Paid twice.", shown=shown)
    assert Review.objects.get(case=case, kind="AUDIT").state == "OPEN"


def test_what_a_person_decided_is_not_audited(agent, house):
    case = case_of(agent.post(confidence=0.5))
    assert case.audit_selected is False
    assert not Review.objects.filter(case=case, kind="AUDIT").exists()


def test_an_audit_is_not_escalated(case, house, client):
    review = take(case, house.one)
    with pytest.raises(InvalidVerdict):
        moves.escalate(review, reviewer=house.one, reason="Too hard")
    client.force_login(house.one)
    page = client.get(reverse("case-detail", args=[case.pk])).content.decode()
    assert "move-hand-over" in page and "move-escalate" not in page
