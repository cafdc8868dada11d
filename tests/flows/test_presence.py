"""Who is there and who can: business hours, people away, and skills."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews.models import AuditEntry, Review
from reviews.services import claims, timeouts
from reviews.services.absences import end_absence, plan_absence
from reviews.templatetags.showing import due_in_words
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, fresh
from tests.flows.admin_pages import errors_of, logged_in, save
from workflows.models import Absence, Calendar, Qualification, Skill

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 27, 16, 0, tzinfo=BERLIN)
MONDAY_TEN = datetime(2026, 11, 30, 10, 0, tzinfo=BERLIN)


def office(**fields):
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    hours = dict.fromkeys(days, "09:00-17:00")
    return Calendar.objects.create(**{"name": "Office", "time_zone": "Europe/Berlin"} | hours)


def away(user, *, delegate=None, days=3):
    now = timezone.now()
    return plan_absence(
        Absence(user=user),
        starts_at=now,
        ends_at=now + timedelta(days=days),
        delegate=delegate,
        by=user,
    )


def test_a_review_is_due_after_so_many_minutes_of_business_time(house, agent):
    house.queue.calendar, house.queue.target_minutes = office(), 120
    house.queue.save()
    with time_machine.travel(FRIDAY, tick=False):
        agent.post(confidence=0.5)
    assert Review.objects.get().due_at == MONDAY_TEN


def test_a_gates_limit_counts_in_business_time_where_it_says_so():
    house = build_house(time_limit_minutes=120, limit_in_business_time=True)
    house.queue.calendar = office()
    house.queue.save()
    with time_machine.travel(FRIDAY, tick=False):
        case = case_of(AgentClient(house.key).post(confidence=0.5))
    assert fresh(case).due_at == MONDAY_TEN
    with time_machine.travel(MONDAY_TEN - timedelta(minutes=1), tick=False):
        assert timeouts.expire_cases() == 0
    with time_machine.travel(MONDAY_TEN, tick=False):
        assert timeouts.expire_cases() == 1


def test_silence_approves_only_when_the_business_time_is_over_too():
    house = build_house(time_limit_minutes=120, limit_in_business_time=True, on_timeout="APPROVE")
    house.queue.calendar = office()
    house.queue.save()
    saturday = (FRIDAY + timedelta(days=1)).isoformat()
    with time_machine.travel(FRIDAY, tick=False):
        case = case_of(AgentClient(house.key).post(confidence=0.5, expires_at=saturday))
    with time_machine.travel(FRIDAY + timedelta(days=2), tick=False):
        timeouts.expire_cases()
    assert fresh(case).state == "EXPIRED"


def test_a_calendar_costs_an_intake_no_query(house, agent):
    agent.post(confidence=0.5)
    with CaptureQueriesContext(connection) as without:
        agent.post(confidence=0.5)
    house.queue.calendar = office()
    house.queue.save()
    with CaptureQueriesContext(connection) as within:
        agent.post(confidence=0.5)
    assert len(within) == len(without)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (FRIDAY - timedelta(days=2), "2 d late"),
        (FRIDAY + timedelta(minutes=20), "20 min left"),
        (FRIDAY + timedelta(hours=2), "due 18:00"),
        (FRIDAY + timedelta(days=1), "due tomorrow 16:00"),
        (MONDAY_TEN, "due Monday 10:00"),
        (MONDAY_TEN + timedelta(days=9), "due 9 Dec 10:00"),
    ],
)
def test_due_times_are_said_as_people_say_them_in_their_time_zone(due, words):
    with time_machine.travel(FRIDAY, tick=False), timezone.override(BERLIN):
        assert due_in_words(due) == words


def test_a_calendar_is_filled_in_without_a_developer(house):
    client, calendar = logged_in(house.admin), office()
    shown = save(client, calendar, monday="9-5", holidays="Christmas")
    assert "no pair of times" in str(errors_of(shown))
    assert "does not begin with a day" in str(errors_of(shown))
    assert 'value="9-5"' in shown.content.decode()
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    assert "never let anything be due" in str(
        save(client, calendar, **dict.fromkeys(days, "")).content.decode()
    )
    done = save(client, calendar, monday="8:00 - 12:00,13:00-17:30", holidays="2026-12-25 Xmas")
    assert done.status_code == 302
    calendar.refresh_from_db()
    assert calendar.monday == "08:00-12:00, 13:00-17:30"
    assert (
        "are over on"
        in client.get(f"/admin/workflows/calendar/{calendar.pk}/change/").content.decode()
    )


def test_an_absent_person_is_offered_nothing_and_comes_back(client, house, agent):
    case = case_of(agent.post(confidence=0.5, external_id="while-away"))
    absence = away(house.one)
    review = Review.objects.get(case=case)
    assert claims.claim_next(reviewer=house.one) is None
    assert "out of office until" in claims.why_not(review, reviewer=house.one)
    with pytest.raises(claims.NotClaimable, match="out of office"):
        claims.claim_review(review, reviewer=house.one)
    client.force_login(house.one)
    assert "while-away" not in client.get("/").content.decode()
    end_absence(absence, by=house.one)
    assert claims.claim_next(reviewer=house.one) == review
    told = AuditEntry.objects.filter(chain="site", event__startswith="absence.")
    assert [row.event for row in told] == ["absence.planned", "absence.ended"]


def test_who_is_away_does_not_count_as_staff(house, agent):
    for user in (house.one, house.two):
        away(user)
    agent.post(confidence=0.5)
    assert Review.objects.get().queue == house.queue
    away(house.three)
    case = case_of(agent.post(confidence=0.5))
    review = Review.objects.get(case=case)
    assert review.queue == house.exceptions
    assert review.reasons[-1]["trigger"] == "nobody_valid"


def test_a_queue_asks_for_skills_that_may_run_out(house, agent):
    skill = Skill.objects.create(name="Fraud training")
    house.queue.skills.set([skill])
    for user in (house.two, house.three):
        Qualification.objects.create(
            user=user, skill=skill, expires_at=timezone.now() + timedelta(days=1)
        )
    case = case_of(agent.post(confidence=0.5))
    review = Review.objects.get(case=case)
    assert review.queue == house.queue
    assert claims.claim_next(reviewer=house.one) is None
    assert "Fraud training" in claims.why_not(review, reviewer=house.one)
    assert claims.claim_next(reviewer=house.two) == review
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        # What one holds may not be decided either once the training has run out.
        assert not claims.renew(review, reviewer=house.two)
        with pytest.raises(Exception, match=r"may not|not yours|not allowed|your"):
            decide(review, house.two)
        another = case_of(agent.post(confidence=0.5))
        assert Review.objects.get(case=another).queue == house.exceptions


def test_a_qualification_given_by_a_lead_stands_on_record(house):
    skill = Skill.objects.create(name="Fraud training")
    client = logged_in(house.admin)
    client.post("/admin/workflows/qualification/add/", {"user": house.one.pk, "skill": skill.pk})
    entry = AuditEntry.objects.get(event="rights.changed")
    assert entry.content["data"]["after"]["skill"] == "Fraud training"


def test_a_lead_plans_somebodys_absence(house):
    client, now = logged_in(house.admin), timezone.now()
    form = {
        "user": house.one.pk,
        "delegate": house.one.pk,
        "starts_at_0": f"{now:%Y-%m-%d}",
        "starts_at_1": "00:00",
        "ends_at_0": f"{now - timedelta(days=2):%Y-%m-%d}",
        "ends_at_1": "00:00",
    }
    said = str(errors_of(client.post("/admin/workflows/absence/add/", form)))
    assert "ends before it begins" in said and "Nobody stands in" in said
    form |= {"delegate": house.two.pk, "ends_at_0": f"{now + timedelta(days=2):%Y-%m-%d}"}
    assert client.post("/admin/workflows/absence/add/", form).status_code == 302
    assert AuditEntry.objects.get(event="absence.planned").content["data"]["delegate"]
