"""Passing a review on: up, to a colleague, to later, past oneself. Nothing is decided."""

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Notification, Review, Skip
from reviews.services import claims, outbox, seats
from reviews.services.notes import add_note
from reviews.services.notices import notify
from reviews.services.verdicts import InvalidVerdict
from reviews.services.walk import Walk
from workflows.models import Absence, Qualification, Queue, Skill
from workflows.schemas import Problem

KEPT_AFTER_HANDING_OVER = timedelta(hours=4)
KEPT_AFTER_SNOOZE = timedelta(hours=1)
LONGEST_SNOOZE = timedelta(days=30)
LONGEST_REASON = 500


@transaction.atomic
def escalate(
    review: Review, *, reviewer: AbstractBaseUser, reason: str, queue: Queue | None = None
) -> Review:
    """The same question in another queue: the one chosen, else this queue's escalation queue,
    else the exceptions. Raises NotClaimable or InvalidVerdict."""
    walk = Walk.of(review.case_id)
    held = claims.held(review, reviewer=reviewer)
    if held.kind == Review.Kind.AUDIT:
        raise InvalidVerdict(Problem("/queue", _("An audit is not escalated: hand it over.")))
    reason = _reason(reason)
    target = queue or held.queue.escalation_queue or seats.exception_queue(walk)
    _check_target(target, held)
    opened = seats.escalate(
        walk, held, trigger="escalated", detail=f"{_name(reviewer)}: {reason}", queue=target
    )
    walk.note(
        "case.escalated",
        audit.by_user(reviewer),
        personal={"/reason": reason},
        review=held.id.hex,
        queue=target.slug,
    )
    outbox.announce(walk, "case.escalated")
    walk.save()
    add_note(held.case, by=reviewer, text=reason)
    return opened


@transaction.atomic
def hand_over(
    review: Review, *, reviewer: AbstractBaseUser, to: AbstractBaseUser, reason: str = ""
) -> Review:
    """Kept for that person for some hours, then for everybody again. Raises NotClaimable or
    InvalidVerdict."""
    held = claims.held(review, reviewer=reviewer)
    if not who_may_take(held).filter(pk=to.pk).exists():
        raise InvalidVerdict(Problem("/to", _("%s may not decide this case.") % _name(to)))
    held.release()
    held.offer(to=to, until=timezone.now() + KEPT_AFTER_HANDING_OVER)
    held.save()
    notify(
        [to.pk], Notification.Kind.ASSIGNED, case=held.case, actor=reviewer, queue=held.queue.name
    )
    claims.record("review.handed_over", held, audit.by_user(reviewer), to=audit.by_user(to))
    if reason.strip():
        add_note(held.case, by=reviewer, text=_reason(reason))
    return held


@transaction.atomic
def snooze(review: Review, *, reviewer: AbstractBaseUser, until: datetime) -> Review:
    """Out of everybody's way until then; after that it is first kept for who put it off.
    Raises NotClaimable or InvalidVerdict."""
    held = claims.held(review, reviewer=reviewer)
    _check_time(until, limit=held.case.due_at)
    held.release()
    held.snoozed_until = until
    held.offer(to=reviewer, until=until + KEPT_AFTER_SNOOZE)
    held.save()
    claims.record("review.snoozed", held, audit.by_user(reviewer), until=until.isoformat())
    return held


@transaction.atomic
def wake(review: Review, *, reviewer: AbstractBaseUser) -> Review:
    """Who put it off takes it back before its time. Raises NotClaimable."""
    asleep = Review.objects.select_for_update(of=("self",)).filter(
        pk=review.pk, state=Review.State.OPEN, offered_to=reviewer.pk, snoozed_until__isnull=False
    )
    row = asleep.first()
    if row is not None:
        row.snoozed_until = None
        row.save()
    return claims.claim_review(review, reviewer=reviewer)


@transaction.atomic
def skip(review: Review, *, reviewer: AbstractBaseUser, reason: str) -> Skip:
    """Back to the queue, and never to this person again. Raises NotClaimable, or InvalidVerdict
    without a reason, or when nobody else is left to be asked."""
    held = claims.held(review, reviewer=reviewer)
    reason = _reason(reason)
    if not who_may_take(held).exists():
        raise InvalidVerdict(
            Problem("/reason", _("Nobody else is left to decide this: escalate it instead."))
        )
    held.release()
    held.save()
    row = Skip(review=held, visit=held.visit, queue=held.queue, reviewer=reviewer, reason=reason)
    row.save(force_insert=True)
    claims.record("review.skipped", held, audit.by_user(reviewer))
    return row


def who_may_take(review: Review) -> QuerySet[AbstractBaseUser]:
    """Colleagues who could be given this review: in its teams and skilled, not away, not
    excluded, without another seat of it, and not among those who skipped it."""
    seat = Review.objects.filter(
        Q(kind=Review.Kind.SEAT) & Q(kind=review.kind),
        visit=review.visit_id,
        revision=review.revision,
        claimed_by=OuterRef("pk"),
        state__in=[Review.State.CLAIMED, Review.State.DECIDED],
    )
    skipped = Skip.objects.filter(
        visit=review.visit_id, queue=review.queue_id, reviewer=OuterRef("pk")
    )
    away = Absence.objects.filter(user=OuterRef("pk")).now()
    held = Qualification.objects.current().filter(user=OuterRef(OuterRef("pk"))).values("skill")
    missing = Skill.objects.filter(queues=review.queue_id).exclude(pk__in=held)
    people = get_user_model().objects.filter(is_active=True, teams__queues=review.queue_id)
    able = people.filter(~Exists(seat), ~Exists(skipped), ~Exists(away), ~Exists(missing))
    return able.exclude(pk__in=[*review.excluded_users, review.claimed_by_id or 0]).distinct()


def _check_target(target: Queue, review: Review) -> None:
    if target.pk == review.queue_id:
        raise InvalidVerdict(Problem("/queue", _("It is in this queue already.")))
    if not Queue.objects.staffed(target.pk, excluding=review.excluded_users).people:
        raise InvalidVerdict(
            Problem("/queue", _("Nobody who works %s may decide this case.") % target)
        )


def _check_time(until: datetime, *, limit: datetime | None) -> None:
    now = timezone.now()
    if not now < until <= now + LONGEST_SNOOZE:
        raise InvalidVerdict(Problem("/until", _("Choose a time in the next 30 days.")))
    if limit is not None and until >= limit:
        raise InvalidVerdict(
            Problem(
                "/until",
                _("The case has to be decided by %s: choose an earlier time.")
                % claims.in_words(limit),
            )
        )


def _reason(typed: str) -> str:
    reason = " ".join(typed.split())
    if not reason:
        raise InvalidVerdict(Problem("/reason", _("Say why, in a few words.")))
    if len(reason) > LONGEST_REASON:
        raise InvalidVerdict(Problem("/reason", _("is longer than 500 characters.")))
    return reason


def _name(user: AbstractBaseUser) -> str:
    return user.get_full_name() or user.get_username()
