"""An approval is of what was seen: a later edit sends the case back to who approved before."""

import pytest

from reviews.history import history
from reviews.models import Decision, OutcomeRun, Review
from reviews.services import claims
from reviews.services.preview import preview
from reviews.services.publishing import propose, publish
from reviews.views.case_page import CasePage
from tests.building import build_house, draft
from tests.deciding import case_of, events, fresh, take_and_decide
from workflows.compiler import plan_of
from workflows.models import Trigger

pytestmark = pytest.mark.django_db
EDITS = {"second": {"verdicts": ["approve", "edit", "reject"]}}
LESS = {"/action/args/amount": "6000.00"}


@pytest.fixture
def house(db):
    return build_house(**EDITS)


@pytest.fixture
def edited(house, agent):
    """Approved by one at the first gate, edited by three at the second."""
    case = case_of(agent.post(amount="9000.00"))
    take_and_decide(house.one)
    take_and_decide(house.three, "edit", changes=LESS)
    return case


def test_an_edit_at_the_second_gate_goes_back_to_who_approved_something_else(house, agent, edited):
    lapsed = Decision.objects.get(standing="LAPSED")
    assert lapsed.reviewer == house.one and "decision.lapsed" in events(edited)
    assert not OutcomeRun.objects.exists()
    again = Review.objects.get(state="OPEN")
    assert (again.visit.stage.key, again.revision) == ("approval", 2)
    assert again.reasons[-1]["trigger"] == "approval_lapsed"
    assert "Revision 1 was approved here" in again.reasons[-1]["detail"]
    body = agent.get(f"/api/v1/cases/{edited.public_id}").json()
    assert (body["status"], body["decision"]) == ("pending", None)


def test_the_editor_is_not_asked_twice_about_their_own_edit(house, agent, edited):
    take_and_decide(house.one)
    case = fresh(edited)
    assert (case.state, case.verdict) == ("DECIDED", "edit")
    assert [visit.outcome or "here" for visit in case.visits.all()] == [
        "approve",
        "edit",
        "approve",
        "edit",
        "here",
    ]
    assert b'"amount":"6000.00"' in bytes(OutcomeRun.objects.get().body)
    said = [line.what for line in history(case, plan_of(case.release_id), case.audit_entries.all())]
    assert any("went on through “Second approval”: revision 2" in words for words in said)
    told = agent.get(f"/api/v1/cases/{case.public_id}").json()["decision"]["decided_by"]
    assert {row["name"] for row in told} == {"reviewer.one", "reviewer.three"}


def test_an_edit_of_the_edit_asks_the_second_gate_anew(house, edited):
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "7000.00"})
    again = Review.objects.get(state="OPEN")
    assert (again.visit.stage.key, again.revision) == ("second", 3)
    assert not OutcomeRun.objects.exists()
    take_and_decide(house.three)
    assert fresh(edited).state == "DECIDED"
    assert b'"amount":"7000.00"' in bytes(OutcomeRun.objects.get().body)


def test_an_edit_that_the_second_gate_need_not_see_ends_there(house, edited):
    """The way is taken anew: at 100.00 nobody asks for a second person."""
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "100.00"})
    # Three approved 6,000.00 there: what a person was asked is not passed by rule afterwards.
    assert Review.objects.get(state="OPEN").visit.stage.key == "second"


def test_whoever_edited_at_the_second_gate_cannot_approve_at_the_first(house, edited):
    assert claims.claim_next(reviewer=house.three) is None
    assert claims.claim_next(reviewer=house.one) is not None


def test_a_no_after_the_edit_is_a_no(house, edited):
    take_and_decide(house.one, "reject")
    assert (fresh(edited).state, fresh(edited).verdict) == ("COMPLETED", "reject")
    assert not OutcomeRun.objects.exists()


def test_a_gate_that_let_the_old_amount_pass_asks_about_the_new_one(house, agent):
    release = draft(house.workflow, house.admin, house.queue, house.extra["large"], **EDITS)
    Trigger.objects.filter(
        gate__stage__release=release, gate__stage__key="approval", kind="VALUE_ABOVE"
    ).update(threshold=20_000)
    propose(release, by=house.admin)
    publish(release, by=house.admin)
    case = case_of(agent.post(amount="9000.00"))
    assert events(case)[1] == "gate.passed"
    take_and_decide(house.three, "edit", changes={"/action/args/amount": "25000.00"})
    asked = Review.objects.get(state="OPEN")
    assert (asked.visit.stage.key, asked.reasons[0]["trigger"]) == ("approval", "value_above")
    take_and_decide(house.one)
    assert fresh(case).state == "DECIDED" and OutcomeRun.objects.count() == 1


def test_the_preview_says_that_the_first_gate_is_asked_again(house, agent):
    case = case_of(agent.post(amount="9000.00"))
    take_and_decide(house.one)
    review = claims.claim_next(reviewer=house.three)
    page = CasePage(fresh(case), house.three)
    action = {"name": "refund", "args": {"order": "A1", "amount": "6000.00"}}
    said = preview(page.walk, verdict="edit", action=action).sentences
    assert review is not None and "“Refund approval” is asked again" in said[0]
