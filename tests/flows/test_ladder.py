"""An approval ladder: one after another, as high as the amount asks for."""

import pytest
from django.urls import reverse

from reviews.models import Review
from reviews.services import claims
from reviews.services.moves import escalate
from reviews.services.publishing import propose, publish
from tests.building import build_house, draft
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, fresh, take_and_decide
from tests.flows.admin_pages import logged_in, page_of
from workflows.linter import lint
from workflows.models import Gate, LadderStep, Queue

pytestmark = pytest.mark.django_db
OVER_1000, OVER_5000 = "action.args.amount > 1000", "action.args.amount > 5000"


@pytest.fixture
def desk():
    """Refunds, then large amounts over 1,000, then exceptions over 5,000; no second gate."""
    house = build_house()
    release = draft(house.workflow, house.admin, house.queue, house.extra["large"])
    gate = Gate.objects.get(stage__release=release, stage__key="approval")
    rungs = [(house.queue, ""), (house.extra["large"], OVER_1000), (house.exceptions, OVER_5000)]
    for position, (queue, condition) in enumerate(rungs, 1):
        LadderStep.objects.create(gate=gate, position=position, queue=queue, condition=condition)
    Gate.objects.get(stage__release=release, stage__key="second").triggers.all().delete()
    house.release = publish(propose(release, by=house.admin), by=house.admin)
    return house, AgentClient(house.key)


def waiting():
    return list(
        Review.objects.filter(state__in=["OPEN", "CLAIMED"]).values_list("queue__slug", "rung")
    )


def claim(queue: str, reviewer):
    return claims.claim_review(
        Review.objects.get(queue__slug=queue, state="OPEN"), reviewer=reviewer
    )


def test_a_small_case_needs_the_first_rung_alone(desk):
    house, agent = desk
    case = case_of(agent.post(amount="900.00", confidence=0.5))
    assert waiting() == [("refunds", 1)]
    take_and_decide(house.one)
    assert fresh(case).state == "DECIDED"


def test_a_large_one_climbs_rung_by_rung_by_other_people(desk):
    house, agent = desk
    case = case_of(agent.post(amount="9000.00"))
    assert waiting() == [("refunds", 1)]
    decide(claim("refunds", house.two), house.two)
    assert waiting() == [("large", 2)] and fresh(case).state == "IN_REVIEW"
    with pytest.raises(claims.NotClaimable):
        claim("large", house.two)
    decide(claim("large", house.three), house.three)
    assert waiting() == [("exceptions", 3)]
    with pytest.raises(claims.NotClaimable):
        claim("exceptions", house.three)
    decide(claim("exceptions", house.one), house.one)
    assert (fresh(case).state, fresh(case).verdict) == ("DECIDED", "approve")


def test_one_no_on_the_way_ends_it(desk):
    house, agent = desk
    case = case_of(agent.post(amount="9000.00"))
    decide(claim("refunds", house.two), house.two)
    decide(claim("large", house.three), house.three, "reject")
    assert (fresh(case).state, fresh(case).verdict) == ("COMPLETED", "reject")
    assert waiting() == []


def test_an_edit_on_the_way_asks_the_rungs_below_again(desk):
    house, agent = desk
    case = case_of(agent.post(amount="2000.00"))
    decide(claim("refunds", house.one), house.one)
    changes = {"/action/args/amount": "1500.00"}
    decide(claim("large", house.three), house.three, "edit", changes=changes)
    assert waiting() == [("refunds", 1)] and fresh(case).state == "IN_REVIEW"
    decide(claim("refunds", house.one), house.one)
    assert (fresh(case).state, fresh(case).verdict) == ("DECIDED", "edit")


def test_an_edit_may_make_the_ladder_shorter_and_longer(desk):
    house, agent = desk
    case = case_of(agent.post(amount="9000.00"))
    changes = {"/action/args/amount": "50.00"}
    decide(claim("refunds", house.one), house.one, "edit", changes=changes)
    assert fresh(case).state == "DECIDED"
    other = case_of(agent.post(amount="90.00", confidence=0.5))
    changes = {"/action/args/amount": "2000.00"}
    decide(claim("refunds", house.one), house.one, "edit", changes=changes)
    assert fresh(other).state == "IN_REVIEW" and waiting() == [("large", 2)]


def test_a_rung_that_nobody_can_take_opens_as_an_exception_and_says_so(desk):
    house, agent = desk
    house.extra["large"].teams.clear()
    agent.post(amount="2000.00")
    decide(claim("refunds", house.one), house.one)
    review = Review.objects.get(state="OPEN")
    assert (review.queue, review.rung) == (house.exceptions, 2)
    assert "nobody_valid" in {row["trigger"] for row in review.reasons}


def test_a_rung_stays_one_when_it_is_escalated(desk):
    house, agent = desk
    Queue.objects.filter(slug="refunds").update(escalation_queue=house.extra["large"])
    case = case_of(agent.post(amount="900.00", confidence=0.5))
    escalate(claim("refunds", house.one), reviewer=house.one, reason="Unsure")
    assert waiting() == [("large", 1)]
    decide(claim("large", house.three), house.three)
    assert fresh(case).state == "DECIDED"


def test_the_page_says_how_many_rungs_are_left(desk):
    house, agent = desk
    case = case_of(agent.post(amount="9000.00"))
    decide(claim("refunds", house.two), house.two)
    page = logged_in(house.three).get(reverse("case-detail", args=[case.pk])).content.decode()
    assert "2 of 3 approvals, one after another, are still missing." in page


def test_the_admin_tells_the_ladder_and_the_linter_checks_it(desk):
    house, _ = desk
    gate = Gate.objects.get(stage__release=house.release, stage__key="approval")
    page = logged_in(house.admin).get(page_of(gate)).content.decode()
    assert "One after another, each another person: Refunds; Large amounts, if" in page
    release = draft(house.workflow, house.admin, house.queue, house.extra["large"])
    gate = Gate.objects.get(stage__release=release, stage__key="approval")
    gate.ladder.create(position=1, queue=house.queue, condition="action.args.amout > 5")
    gate.seats, gate.needed = 2, 2
    gate.save()
    said = " ".join(finding.sentence for finding in lint(release))
    assert "amout" in said and "a quorum would ask several at once" in said
    assert "Every rung has a condition" in said
