"""Several people, one gate."""

import pytest

from reviews.models import Decision, Review
from reviews.services import claims
from reviews.services.decisions import NotYours
from reviews.services.verdicts import InvalidVerdict
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, fresh, take_and_decide

pytestmark = pytest.mark.django_db


def desk(**gate):
    house = build_house(**gate)
    return house, AgentClient(house.key)


def test_two_of_three_approvals_settle_it_and_the_third_seat_is_withdrawn():
    house, agent = desk(quorum="N", seats=3, needed=2)
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one)
    assert fresh(case).state == "IN_REVIEW"
    take_and_decide(house.two)
    assert fresh(case).state == "DECIDED"
    assert sorted(Review.objects.values_list("state", flat=True)) == [
        "DECIDED",
        "DECIDED",
        "WITHDRAWN",
    ]


def test_one_person_holds_at_most_one_seat_of_a_visit():
    house, agent = desk(quorum="UNANIMOUS", seats=2)
    agent.post(confidence=0.5)
    take_and_decide(house.one)
    assert claims.claim_next(reviewer=house.one) is None
    with pytest.raises(claims.NotClaimable, match="another seat"):
        claims.claim_review(Review.objects.get(state="OPEN"), reviewer=house.one)


def test_a_veto_ends_it_at_once():
    house, agent = desk(quorum="UNANIMOUS", seats=3)
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "reject")
    assert (fresh(case).state, fresh(case).verdict) == ("COMPLETED", "reject")


def test_a_lost_majority_rejects_where_rejections_only_count():
    house, agent = desk(quorum="MAJORITY", seats=3, reject_vetoes=False)
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "reject")
    assert fresh(case).state == "IN_REVIEW"
    take_and_decide(house.two, "reject")
    assert fresh(case).verdict == "reject"


def test_an_edit_lapses_earlier_approvals_and_asks_that_seat_again():
    house, agent = desk(quorum="UNANIMOUS", seats=2)
    case = case_of(agent.post(confidence=0.5))
    first = take_and_decide(house.one)
    take_and_decide(house.two, "edit", changes={"/action/args/amount": "10.00"})
    lapsed = Decision.objects.get(standing="LAPSED")
    assert lapsed.supersedes == first and fresh(case).state == "IN_REVIEW"
    again = Review.objects.get(state="OPEN")
    assert again.follows == first.review and again.revision == 2
    take_and_decide(house.one)
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert body["decision"]["type"] == "edit"
    assert body["decision"]["edited_action"]["args"]["amount"] == "10.00"


def test_a_gate_without_enough_people_opens_with_the_exceptions_and_says_so():
    house, agent = desk(quorum="UNANIMOUS", seats=9)
    agent.post(confidence=0.5)
    review = Review.objects.first()
    assert review.queue == house.exceptions
    assert review.reasons[-1]["trigger"] == "nobody_valid"


def test_a_claim_does_not_outlive_the_membership():
    house, agent = desk()
    agent.post(confidence=0.5)
    review = claims.claim_next(reviewer=house.one)
    house.one.memberships.all().delete()
    with pytest.raises(NotYours):
        decide(review, house.one)


def test_who_left_the_team_cannot_keep_a_case_from_the_others():
    house, agent = desk()
    agent.post(confidence=0.5)
    review = claims.claim_next(reviewer=house.one)
    house.one.memberships.all().delete()
    assert not claims.renew(review, reviewer=house.one)


@pytest.mark.parametrize("note", ["a\x00b", "\ud800"])
def test_an_edit_that_no_agent_could_have_sent_is_refused(note):
    house, agent = desk()
    agent.post(confidence=0.5)
    with pytest.raises(InvalidVerdict, match="A text holds"):
        take_and_decide(house.one, "edit", changes={"/action/args/note": note})
