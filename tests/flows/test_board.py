"""The lead's board: who works on what, what grows old, what is late, whose figures show."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews import board
from reviews.models import Review
from reviews.services import claims
from reviews.services.decisions import decide_review
from reviews.services.verdicts import Answer
from tests.building import allow
from tests.deciding import case_of
from workflows.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, house):
    Membership.objects.filter(user=house.one).update(role="LEAD")
    client.force_login(allow(house.one, "view_board", "move_review"))
    return client


def age(case, **by):
    moment = timezone.now() - timedelta(**by)
    Review.objects.filter(case=case).update(created_at=moment, due_at=moment + timedelta(hours=4))


def test_without_the_permission_there_is_no_board(client, house):
    client.force_login(house.one)
    assert client.get("/board/").status_code == 403
    assert "Team board" not in client.get("/").content.decode()


def test_who_leads_no_team_sees_no_work_on_it(client, agent, house):
    agent.post(confidence=0.5, external_id="secret")
    client.force_login(allow(house.two, "view_board"))
    shown = client.get("/board/").content.decode()
    assert "You lead no team" in shown
    assert "secret" not in shown


def test_ages_and_breaches_stand_beside_each_queue(lead, agent, house):
    for hours in (0.5, 2, 3, 5, 30, 100):
        age(case_of(agent.post(confidence=0.5)), hours=hours)
    state = board.states([house.queue.pk])[house.queue.pk]
    assert [count.number for count in state.ages] == [1, 2, 1, 1, 1]
    assert state.late.number == 3
    shown = lead.get("/board/").content.decode()
    assert "What waits, by age" in shown
    assert "over 3 days" in shown


def test_breaches_are_counted_in_every_priority(lead, agent, house):
    cases = [case_of(agent.post(confidence=0.5)) for _ in range(5)]
    now = timezone.now()
    for number, (case, due) in enumerate(zip(cases, (-9, -1, 30, 59, 90), strict=True)):
        Review.objects.filter(case=case).update(
            priority=number % 3, due_at=now + timedelta(minutes=due)
        )
    state = board.states([house.queue.pk])[house.queue.pk]
    assert (state.late.number, state.soon.number) == (2, 2)
    first = [row.case_id for row in board.due_first([house.queue.pk])]
    assert first == [case.id for case in cases]


def test_no_number_is_counted_to_its_end(lead, agent, house, monkeypatch):
    monkeypatch.setattr(board, "MOST_COUNTED", 2)
    for _ in range(4):
        agent.post(confidence=0.5)
    state = board.states([house.queue.pk])[house.queue.pk]
    assert str(state.ages[0]) == "2+"


def test_what_is_in_hand_is_listed_with_who_has_it(lead, agent, house):
    case = case_of(agent.post(confidence=0.5, external_id="in-hand"))
    claims.claim_review(Review.objects.get(case=case), reviewer=house.two)
    shown = lead.get("/board/").content.decode()
    assert shown.index("reviewer.two") < shown.index("in-hand")
    assert "Take back…" in shown


def test_the_team_has_figures_and_its_people_only_for_who_may_see_them(lead, agent, house):
    for seconds in (10.0, 50.0, 30.0):
        case = case_of(agent.post(confidence=0.5))
        review = claims.claim_review(Review.objects.get(case=case), reviewer=house.two)
        proposal = case.proposals.get()
        decide_review(
            review,
            reviewer=house.two,
            answer=Answer(verdict="approve"),
            revision=proposal.revision,
            digest=proposal.digest,
            active_seconds=seconds,
        )
    shown = lead.get("/board/").content.decode()
    assert '<dd class="num">3</dd>' in shown
    assert "30 s" in shown
    assert shown.count("30 s") == 1
    lead.force_login(allow(house.one, "view_personal_figures"))
    shown = lead.get("/board/").content.decode()
    assert shown.count("30 s") == 2
    yesterday = board.today([house.exceptions.pk])
    assert yesterday.whole.decided == 0


def test_the_board_costs_few_queries(lead, agent, house, django_assert_max_num_queries):
    for number in range(6):
        case = case_of(agent.post(confidence=0.5, amount="2000.00"))
        if number % 2:
            claims.claim_review(Review.objects.get(case=case), reviewer=house.two)
    lead.get("/board/")
    with django_assert_max_num_queries(18):
        lead.get("/board/")
