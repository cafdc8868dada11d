"""Where no route leads on: somebody is asked, once, and what they may do is no more than usual."""

import pytest

from reviews.models import Decision, OutcomeRun, Review
from reviews.services import claims
from reviews.services.publishing import propose, publish
from tests.building import build_house, draft, person, route
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh, take_and_decide
from workflows.models import Stage

pytestmark = pytest.mark.django_db
SMALL = "double(data.amount) < 1000.0"


def desk(*, condition=SMALL, no_way_after=("auto", "approve", "edit"), **gate):
    """A house whose first gate has a way on for small amounts alone."""
    house = build_house()
    large = house.extra["large"]
    release = draft(house.workflow, house.admin, house.queue, large, **gate)
    first, second, end = (release.stages.get(key=key) for key in ("approval", "second", "end"))
    first.routes.all().delete()
    on = route(first, list(no_way_after), second, 1)
    on.condition = condition
    on.save()
    rest = {"approve", "edit", "reject", "respond"} - set(no_way_after)
    if rest:
        route(first, sorted(rest), end, 2)
    propose(release, by=house.admin)
    publish(release, by=house.admin)
    return house, AgentClient(house.key)


def open_kinds():
    return list(Review.objects.open().values_list("kind", flat=True))


def test_a_case_that_nobody_was_asked_about_is_asked_about_once():
    _house, agent = desk(condition=f"{SMALL} && data.order == 'B2'")
    case = case_of(agent.post())
    assert (fresh(case).lane, open_kinds()) == ("HUMAN", ["EXCEPTION"])
    assert Decision.objects.count() == 1


def test_an_approval_that_leads_nowhere_opens_an_exception_and_no_seat():
    house, agent = desk()
    case_of(agent.post(amount="2000.00"))
    take_and_decide(house.one)
    assert open_kinds() == ["EXCEPTION"]


def test_separation_of_duties_holds_for_exceptions_of_a_gate():
    house, agent = desk()
    case_of(agent.post(amount="2000.00"))
    take_and_decide(house.one)
    assert claims.claim_next(reviewer=house.owner) is None


def test_one_person_is_one_vote_however_often_they_are_asked():
    house, agent = desk(quorum="UNANIMOUS", seats=2)
    case = case_of(agent.post(amount="2000.00"))
    take_and_decide(house.one)
    take_and_decide(house.two)
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "90.00"})
    again = claims.claim_next(reviewer=house.one)
    assert again is not None and again.kind == "SEAT"
    decide(again, house.one)
    assert fresh(case).state == "IN_REVIEW" and not OutcomeRun.objects.exists()
    take_and_decide(house.two)
    assert not OutcomeRun.objects.exists()  # no way on for an amount in data of 2,000


def test_what_needs_two_people_still_needs_two_after_an_exception():
    house, agent = desk(
        condition=f"{SMALL} && action.args.order == 'B2'", quorum="UNANIMOUS", seats=2
    )
    case = case_of(agent.post())
    assert open_kinds() == ["EXCEPTION"]
    take_and_decide(house.one, "edit", changes={"/action/args/order": "B2"})
    assert fresh(case).state == "IN_REVIEW" and open_kinds() == ["SEAT"]
    assert claims.claim_next(reviewer=house.one) is None
    take_and_decide(house.two)
    assert fresh(case).state == "DECIDED" and OutcomeRun.objects.count() == 1


def test_a_no_ends_a_case_that_no_route_leads_on():
    house, agent = desk(no_way_after=("auto", "approve", "edit", "reject"))
    case = case_of(agent.post(amount="2000.00"))
    take_and_decide(house.one, "reject")
    assert open_kinds() == ["EXCEPTION"]
    take_and_decide(house.two, "reject")
    assert (fresh(case).state, fresh(case).verdict) == ("COMPLETED", "reject")


def test_a_rejection_stays_one_when_a_later_gate_lets_the_case_pass():
    house, agent = desk(condition="", no_way_after=("auto", "approve", "edit", "reject"))
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "reject")
    assert (fresh(case).verdict, OutcomeRun.objects.count()) == ("reject", 0)


def test_an_answer_to_the_agent_is_no_approval():
    house, agent = desk(condition="", quorum="N", seats=3, needed=2, reject_vetoes=False)
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "respond", message="Which parcel?")
    take_and_decide(house.two)
    assert fresh(case).state == "IN_REVIEW" and not OutcomeRun.objects.exists()
    take_and_decide(person("four", house.extra["team"]))
    assert fresh(case).verdict == "approve" and OutcomeRun.objects.count() == 1


def test_who_approves_after_an_edit_approves_the_edit():
    house, agent = desk(condition="", quorum="UNANIMOUS", seats=2)
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "10.00"})
    take_and_decide(house.two)
    action = case.visits.get(stage__kind=Stage.Kind.ACTION)
    assert (fresh(case).verdict, action.arrived_on) == ("edit", "edit")


@pytest.mark.parametrize("first", ["pay", "end"])
def test_a_case_that_no_gate_stands_before_is_answered_and_on_record(first):
    """The linter refuses such a release; one that was live before it did still takes cases."""
    house = build_house()
    agent = AgentClient(house.key)
    large = house.extra["large"]
    release = draft(house.workflow, house.admin, house.queue, large)
    release.stages.filter(key=first).update(position=0)
    release.propose(proposer=house.admin)
    release.save()
    publish(release, by=house.admin)
    case = case_of(agent.post())
    told = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert (told["status"], told["decision"]["by"], told["lane"]) == ("decided", "rule", "auto")
    assert "case.ungated" in events(case)
    assert not OutcomeRun.objects.exists()  # no verdict brought it there, so no rule is for it
