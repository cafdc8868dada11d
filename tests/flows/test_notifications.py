"""What people are told: by the bell, by mail, before a review is due and when it is."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from reviews.models import Notification, OutcomeRun, Review
from reviews.services import claims, moves, outcomes, reminders
from reviews.services.absences import begin_absences, plan_absence
from reviews.services.digests import write_digests
from reviews.services.notices import notify
from reviews.services.preferences import save_preferences
from reviews.services.stops import open_stop
from tests.building import person
from tests.deciding import case_of, events, run_everything_due, take_and_decide
from workflows.models import Absence, Membership

pytestmark = pytest.mark.django_db
Kind = Notification.Kind


@pytest.fixture(autouse=True)
def mails(settings):
    settings.EMAIL_URL = "memorymail://"
    settings.PUBLIC_URL = "https://handrail.example"


@pytest.fixture
def lead(house):
    user = person("lead")
    user.email = "lead@example.com"
    user.save()
    for team in ("team", "seniors"):
        Membership.objects.create(user=user, team=house.extra[team], role="LEAD")
    return user


def kinds(user):
    return list(Notification.objects.of(user).order_by("pk").values_list("kind", flat=True))


def later(minutes):
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False)


def remind_after(minutes):
    with later(minutes):
        return reminders.remind()


def warned_queue(house, **fields):
    for name, value in ({"target_minutes": 60, "warn_minutes": 15} | fields).items():
        setattr(house.queue, name, value)
    house.queue.save()


def test_the_holder_and_the_leads_are_warned_once(house, agent, lead, client):
    warned_queue(house)
    case = case_of(agent.post(confidence=0.5))
    claims.claim_next(reviewer=house.one)
    assert [remind_after(minutes) for minutes in (40, 46, 47, 70)] == [0, 1, 0, 0]
    assert kinds(house.one) == kinds(lead) == [Kind.WARNED] and kinds(house.two) == []
    assert events(case).count("review.warned") == 1
    client.force_login(house.one)
    assert "1 unread notification" in client.get("/").content.decode()
    shown = client.get("/notifications/").content.decode()
    assert "nobody has decided it (Refunds)" in shown and "<b>Refund</b>" in shown
    client.get(f"/cases/{case.public_id}/")
    assert "unread notification" not in client.get("/notifications/bell/").content.decode()


def test_a_review_that_is_decided_in_time_is_not_warned_of(house, agent):
    warned_queue(house, escalate_when_due=True, escalation_queue=house.extra["large"])
    agent.post(confidence=0.5)
    take_and_decide(house.one)
    assert remind_after(90) == 0


def test_a_due_review_escalates_on_the_same_visit_after_the_warning(house, agent, lead):
    warned_queue(house, escalate_when_due=True, escalation_queue=house.extra["large"])
    case = case_of(agent.post(confidence=0.5))
    claims.claim_next(reviewer=house.one)
    first = Review.objects.get()
    assert [remind_after(minutes) for minutes in (46, 50, 61, 62)] == [1, 0, 1, 0]
    second = Review.objects.get(state="OPEN")
    assert second.queue == house.extra["large"] and second.visit == first.visit
    assert second.follows == first and second.reasons[-1]["trigger"] == "due"
    assert Review.objects.get(pk=first.pk).state == "WITHDRAWN"
    assert "case.escalated" in events(case) and kinds(lead)[-1] == Kind.ESCALATED


def test_queues_that_ask_for_neither_cost_the_clock_nothing(house, agent):
    agent.post(confidence=0.5)
    assert Review.objects.get().remind_at is None
    assert remind_after(10_000) == 0


def test_who_decided_is_told_that_it_failed(house, agent, settings, client):
    settings.OUTBOUND_ALLOW = []
    agent.post(confidence=0.5)
    take_and_decide(house.one)
    run_everything_due()
    assert kinds(house.one) == [Kind.FAILED]


def absent(user, delegate=None):
    now = timezone.now()
    days = {"starts_at": now, "ends_at": now + timedelta(days=2)}
    return plan_absence(Absence(user=user), delegate=delegate, by=user, **days)


def test_what_an_absent_person_holds_goes_to_who_stands_in(house, agent, client):
    case = case_of(agent.post(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    absent(house.one, delegate=house.two)
    assert [begin_absences(), begin_absences()] == [1, 0]
    now = Review.objects.get(pk=review.pk)
    assert (now.state, now.claimed_by, now.offered_to) == ("OPEN", None, house.two)
    assert claims.claim_next(reviewer=house.three) is None
    assert kinds(house.two) == [Kind.ASSIGNED]
    client.force_login(house.two)
    assert "You stand in for reviewer.one" in client.get("/notifications/").content.decode()
    page = client.get(f"/cases/{case.public_id}/").content.decode()
    assert "passed it on to reviewer.two: reviewer.one is away" in page


def test_without_a_delegate_who_may_take_it_it_goes_back_to_the_queue(house, agent):
    # The owner of the agent may not decide its cases; who is away too gets nothing.
    for delegate in (None, house.owner, house.three):
        case = case_of(agent.post(confidence=0.5))
        claims.claim_next(reviewer=house.one)
        Absence.objects.all().delete()
        if delegate == house.three:
            absent(house.three)
        absent(house.one, delegate=delegate)
        begin_absences()
        review = Review.objects.get(case=case)
        assert (review.state, review.claimed_by, review.offered_to) == ("OPEN", None, None)
        review_of = claims.claim_next(reviewer=house.two)
        assert review_of == review


def test_what_is_kept_for_an_absent_person_is_passed_on_too(house, agent):
    agent.post(confidence=0.5)
    review = claims.claim_next(reviewer=house.three)
    moves.hand_over(review, reviewer=house.three, to=house.one)
    absent(house.one, delegate=house.two)
    begin_absences()
    assert Review.objects.get(pk=review.pk).offered_to == house.two
    assert claims.claim_next(reviewer=house.two) == review


def told(user, case, **data):
    user.email = "one@example.com"
    user.save()
    user.refresh_from_db()
    return notify([user.pk], Kind.WARNED, case=case, queue="Refunds", due="", **data)


def test_a_mail_names_the_action_first_and_links_to_the_page(house, agent):
    hostile = "Approve now!\nBcc: all@example.com\n<script>x</script>\u202e\u200b"
    case = case_of(agent.post(confidence=0.5, summary=hostile))
    save_preferences(house.one, mail_rhythm="AT_ONCE")
    told(house.one, case)
    assert [write_digests(), write_digests()] == [1, 0]
    run_everything_due()
    (sent,) = mail.outbox
    assert sent.to == ["one@example.com"] and sent.subject == "Handrail: 1 thing for you"
    lines = sent.body.splitlines()
    assert lines[0].startswith("Refund · ") and "90.00" in lines[0]
    assert "[U+202E]" in lines[2] and lines[2].startswith("  The agent says: “Approve now! Bcc:")
    assert lines[3] == f"  https://handrail.example/cases/{case.public_id}/"
    assert sent.message().get_content_type() == "text/plain" and "Bcc" not in sent.message()
    run = OutcomeRun.objects.get(kind="email")
    assert run.state == "SUCCEEDED" and run.case is None
    assert sent.extra_headers["Message-ID"] == f"<{run.id.hex}@handrail.example>"


def test_mails_wait_for_the_hour_or_the_morning_and_come_together(house, agent):
    case = case_of(agent.post(confidence=0.5))
    save_preferences(house.one, mail_rhythm="DAILY", time_zone="Asia/Tokyo", language="de")
    with time_machine.travel(datetime(2026, 11, 24, 12, 20, tzinfo=UTC), tick=False):
        told(house.one, case)
        told(house.one, case)
    save_preferences(house.two, mail_rhythm="HOURLY")
    with time_machine.travel(datetime(2026, 11, 24, 12, 20, tzinfo=UTC), tick=False):
        told(house.two, case)
    due = dict(Notification.objects.values_list("user", "mail_due_at"))
    # Seven in the morning in Tokyo is ten in the evening before in UTC.
    assert due[house.one.pk] == datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    assert due[house.two.pk] == datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    with time_machine.travel(datetime(2026, 11, 24, 23, 0, tzinfo=UTC), tick=False):
        assert write_digests() == 2
        run_everything_due()
    assert len(mail.outbox) == 2


def test_what_is_read_not_wanted_or_not_theirs_any_more_is_not_mailed(house, agent):
    case = case_of(agent.post(confidence=0.5))
    save_preferences(house.one, mail_rhythm="AT_ONCE", mail_kinds=["MENTIONED"])
    told(house.one, case)
    save_preferences(house.two, mail_rhythm="AT_ONCE")
    told(house.two, case)
    house.two.memberships.all().delete()
    save_preferences(house.three, mail_rhythm="AT_ONCE")
    told(house.three, case)
    Notification.objects.of(house.three).mark_read()
    assert write_digests() == 0 and not OutcomeRun.objects.filter(kind="email").exists()
    assert not Notification.objects.exclude(mail_due_at=None).exists()


def test_a_mail_server_that_stumbles_is_asked_again_and_a_refusal_is_final(
    house, agent, monkeypatch
):
    case = case_of(agent.post(confidence=0.5))
    save_preferences(house.one, mail_rhythm="AT_ONCE")
    told(house.one, case)
    write_digests()
    run = OutcomeRun.objects.get(kind="email")
    answers = iter([SMTPServerDisconnected("gone"), SMTPRecipientsRefused({})])

    def send(self):
        raise next(answers)

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send)
    outcomes.run(run.pk)
    assert OutcomeRun.objects.get(pk=run.pk).state == "RETRY_WAIT"
    OutcomeRun.objects.filter(pk=run.pk).update(next_attempt_at=timezone.now())
    outcomes.run(run.pk)
    assert OutcomeRun.objects.get(pk=run.pk).state == "FAILED"


def test_a_stop_over_everything_does_not_silence_what_people_are_told(house, agent):
    case = case_of(agent.post(confidence=0.5))
    save_preferences(house.one, mail_rhythm="AT_ONCE")
    told(house.one, case)
    open_stop(by=house.admin, reason="Fire")
    write_digests()
    run_everything_due()
    assert len(mail.outbox) == 1


def test_all_is_read_at_once_by_post_alone(house, agent, client):
    case = case_of(agent.post(confidence=0.5))
    told(house.one, case)
    client.force_login(house.one)
    assert client.get("/notifications/read/").status_code == 405
    assert client.post("/notifications/read/").url == "/notifications/"
    assert not Notification.objects.unread().exists()


def test_the_page_leaves_out_cases_one_may_no_longer_see(house, agent, client):
    case = case_of(agent.post(confidence=0.5))
    told(house.one, case)
    house.one.memberships.all().delete()
    client.force_login(house.one)
    assert "Nothing yet" in client.get("/notifications/").content.decode()
