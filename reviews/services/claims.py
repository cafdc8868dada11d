"""Who works on what: claims under a lease, given back by hand or by the clock."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Review
from reviews.services import outbox
from workflows import prepared
from workflows.models import Absence, Queue, Skill


class NotClaimable(Exception):
    """Says in words why this person cannot take this review now."""


# One statement: what is offered to this person first, else the best open review of each queue
# they work, and of those the best. SKIP LOCKED steps over what somebody else is taking at this
# moment.
CLAIM_NEXT = """
WITH workable AS (
    SELECT DISTINCT queue.id, queue.lease_minutes
    FROM workflows_queue queue
    JOIN workflows_queue_teams worked ON worked.queue_id = queue.id
    JOIN workflows_membership member ON member.team_id = worked.team_id
    WHERE member.user_id = %(user)s AND (%(queue)s::bigint IS NULL OR queue.id = %(queue)s)
      AND (queue.capacity IS NULL OR queue.capacity > (
          SELECT count(*) FROM reviews_review held
          WHERE held.claimed_by_id = %(user)s AND held.state = 'CLAIMED'
            AND held.queue_id = queue.id))
      AND NOT EXISTS (
          SELECT FROM workflows_absence away
          WHERE away.user_id = %(user)s AND away.starts_at <= %(now)s AND away.ends_at > %(now)s)
      AND NOT EXISTS (
          SELECT FROM workflows_queue_skills asked
          WHERE asked.queue_id = queue.id AND NOT EXISTS (
              SELECT FROM workflows_qualification held
              WHERE held.user_id = %(user)s AND held.skill_id = asked.skill_id
                AND (held.expires_at IS NULL OR held.expires_at > %(now)s)))
), offered AS (
    SELECT review.id, workable.lease_minutes
    FROM reviews_review review JOIN workable ON workable.id = review.queue_id
    WHERE review.state = 'OPEN' AND review.offered_to_id = %(user)s
      AND (review.snoozed_until IS NULL OR review.snoozed_until <= %(now)s)
      AND NOT review.excluded_users @> ARRAY[%(user)s]
      AND (review.kind <> 'SEAT' OR NOT EXISTS (
          SELECT FROM reviews_review seat
          WHERE seat.visit_id = review.visit_id AND seat.revision = review.revision
            AND seat.claimed_by_id = %(user)s AND seat.kind = 'SEAT'
            AND seat.state IN ('CLAIMED', 'DECIDED')))
    ORDER BY review.priority DESC, review.due_at, review.id
    LIMIT 1
    FOR UPDATE OF review SKIP LOCKED
), best AS (
    SELECT candidate.id, workable.lease_minutes
    FROM workable CROSS JOIN LATERAL (
        SELECT review.id, review.priority, review.due_at, review.created_at
        FROM reviews_review review
        WHERE review.queue_id = workable.id AND review.state = 'OPEN'
          AND (review.snoozed_until IS NULL OR review.snoozed_until <= %(now)s)
          AND (review.offered_to_id IS NULL OR review.offered_until <= %(now)s)
          AND NOT review.excluded_users @> ARRAY[%(user)s]
          AND NOT EXISTS (
              SELECT FROM reviews_skip skip
              WHERE skip.visit_id = review.visit_id AND skip.reviewer_id = %(user)s
                AND skip.queue_id = review.queue_id)
          AND (review.kind <> 'SEAT' OR NOT EXISTS (
              SELECT FROM reviews_review seat
              WHERE seat.visit_id = review.visit_id AND seat.revision = review.revision
                AND seat.claimed_by_id = %(user)s AND seat.kind = 'SEAT'
                AND seat.state IN ('CLAIMED', 'DECIDED')))
        ORDER BY review.priority DESC, review.due_at, review.id
        LIMIT 1
        FOR UPDATE OF review SKIP LOCKED
    ) candidate
    WHERE NOT EXISTS (SELECT FROM offered)
    ORDER BY candidate.priority DESC, candidate.due_at, candidate.id
    LIMIT 1
)
UPDATE reviews_review taken
SET state = 'CLAIMED', claimed_by_id = %(user)s, claimed_at = %(now)s,
    lease_expires_at = %(now)s + make_interval(mins => found.lease_minutes::int)
FROM (SELECT * FROM offered UNION ALL SELECT * FROM best) found WHERE taken.id = found.id
RETURNING taken.id
"""
# Three claims of twenty take what has waited longest, whatever its priority: nothing starves.
# By time alone, as its index is: with the id behind it a crowd of one moment would be sorted.
CLAIM_OLDEST = re.sub(r"(\w+)\.priority DESC, \1\.due_at, \1\.id", r"\1.created_at", CLAIM_NEXT)
OLDEST_TURNS = (7, 14, 0)
TURNS = 20
TAKE_TURN = """
INSERT INTO reviews_turn (reviewer_id, number) VALUES ($1, 1)
ON CONFLICT (reviewer_id) DO UPDATE SET number = reviews_turn.number + 1
RETURNING number
"""


def claim_next(*, reviewer: AbstractBaseUser, queue: Queue | None = None) -> Review | None:
    """The next review this person may decide, theirs under a lease; None when there is none."""
    try:
        return _claim_next(reviewer, queue)
    except IntegrityError:
        # The same person pressed twice and got another seat of that case: look again.
        return _claim_next(reviewer, queue)


@transaction.atomic
def _claim_next(reviewer: AbstractBaseUser, queue: Queue | None) -> Review | None:
    [[turn]] = prepared.fetch(TAKE_TURN, reviewer.pk)
    is_oldest = takes_oldest(turn)
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM_OLDEST if is_oldest else CLAIM_NEXT,
            {"user": reviewer.pk, "queue": queue and queue.pk, "now": timezone.now()},
        )
        row = cursor.fetchone()
    if row is None:
        return None
    review = Review.objects.select_related("case", "queue").get(pk=row[0])
    order = {"order": "oldest"} if is_oldest else {}
    record("review.claimed", review, audit.by_user(reviewer), **order)
    outbox.announce_claim(review)
    return review


def takes_oldest(turn: int) -> bool:
    return turn % TURNS in OLDEST_TURNS


@transaction.atomic
def claim_review(review: Review, *, reviewer: AbstractBaseUser) -> Review:
    """This one review. Taking what is already one's own renews the lease. Raises NotClaimable."""
    mine = Review.objects.claimed_by(reviewer).filter(pk=review.pk).first()
    if mine is not None:
        renew(mine, reviewer=reviewer)
        return Review.objects.select_related("case", "queue").get(pk=mine.pk)
    claimable = Review.objects.claimable_by(reviewer).filter(pk=review.pk).values("pk")
    locked = (
        Review.objects.select_for_update(of=("self",))
        .select_related("case", "queue")
        .filter(pk__in=claimable, state=Review.State.OPEN)
        .first()
    )
    if locked is None:
        raise NotClaimable(why_not(review, reviewer=reviewer))
    _check_capacity(locked.queue, reviewer)
    locked.claim(reviewer=reviewer, lease=timedelta(minutes=locked.queue.lease_minutes))
    try:
        with transaction.atomic():
            locked.save()
    except IntegrityError as error:
        raise NotClaimable(_("You hold another seat of this case already.")) from error
    record("review.claimed", locked, audit.by_user(reviewer))
    outbox.announce_claim(locked)
    return locked


def _check_capacity(queue: Queue, reviewer: AbstractBaseUser) -> None:
    held = Review.objects.claimed_by(reviewer).filter(queue=queue).count()
    if queue.capacity is not None and held >= queue.capacity:
        raise NotClaimable(
            _("You hold %(held)d of %(queue)s, as many as one person may: decide or give back one.")
            % {"held": held, "queue": queue}
        )


def renew(review: Review, *, reviewer: AbstractBaseUser) -> bool:
    """Another full lease; False when the review is no longer this person's, or no longer for
    them: who has left the team must not keep a case from those who may decide it."""
    allowed = Review.objects.allowed_to(reviewer)
    return bool(
        allowed.renew_lease(pk=review.pk, user=reviewer, minutes=review.queue.lease_minutes)
    )


@transaction.atomic
def release_review(review: Review, *, reviewer: AbstractBaseUser) -> Review:
    """Gives it back to the queue. Raises NotClaimable when it is not this person's."""
    row = held(review, reviewer=reviewer)
    row.release()
    row.save()
    record("review.released", row, audit.by_user(reviewer))
    return row


def held(review: Review, *, reviewer: AbstractBaseUser) -> Review:
    """The review, locked, that this person holds. Raises NotClaimable."""
    row = (
        Review.objects.select_for_update(of=("self",))
        .select_related("case", "queue")
        .filter(pk__in=Review.objects.claimed_by(reviewer).filter(pk=review.pk).values("pk"))
        .first()
    )
    if row is None:
        raise NotClaimable(_("This review is not yours (any more)."))
    return row


def expire_leases(*, limit: int = 500) -> int:
    """Claims whose lease ran out go back to their queue; how many did."""
    ids = Review.objects.filter(
        state=Review.State.CLAIMED, lease_expires_at__lt=timezone.now()
    ).values_list("pk", flat=True)[:limit]
    return sum(_expire_lease(pk) for pk in list(ids))


@transaction.atomic
def _expire_lease(pk: UUID) -> bool:
    review = (
        Review.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("case", "queue")
        .filter(pk=pk, state=Review.State.CLAIMED, lease_expires_at__lt=timezone.now())
        .first()
    )
    if review is None:
        return False
    holder = review.claimed_by_id
    review.release()
    review.save()
    record("review.lease_expired", review, audit.SYSTEM, held_by=f"user:{holder}")
    return True


def why_not(review: Review, *, reviewer: AbstractBaseUser) -> str:
    """Why this person cannot take it, for the page."""
    now = Review.objects.select_related("claimed_by", "queue", "offered_to").get(pk=review.pk)
    if now.state == Review.State.CLAIMED:
        return _("%(name)s is working on it.") % {"name": now.claimed_by}
    if now.state != Review.State.OPEN:
        return _("It is closed already.")
    if not Queue.objects.workable_by(reviewer).filter(pk=now.queue_id).exists():
        return _("You are in none of the teams that work %(queue)s.") % {"queue": now.queue}
    if not Queue.objects.open_to(reviewer).filter(pk=now.queue_id).exists():
        return _("%(queue)s asks for a skill that you do not have today: %(skills)s.") % {
            "queue": now.queue,
            "skills": ", ".join(Skill.objects.missing_to(reviewer, queue=now.queue)),
        }
    away = Absence.objects.of(reviewer).now().first()
    if away is not None:
        return _("You are out of office until %(until)s; end your absence to work again.") % {
            "until": date_format(timezone.localtime(away.ends_at), "DATETIME_FORMAT")
        }
    if reviewer.pk in now.excluded_users:
        return _("Separation of duties: you own the agent or decided this case before.")
    if not Review.objects.allowed_to(reviewer).filter(pk=now.pk).exists():
        return _("You hold another seat of this case already.")
    return _kept_back(now, reviewer) or _("Somebody took it just now.")


def _kept_back(review: Review, reviewer: AbstractBaseUser) -> str:
    """Why an open review that this person may decide is not theirs to take at the moment."""
    now = timezone.now()
    if review.snoozed_until and review.snoozed_until > now:
        return _("It is put off until %(time)s.") % {"time": in_words(review.snoozed_until)}
    kept = review.offered_to_id not in (None, reviewer.pk)
    if kept and review.offered_until and review.offered_until > now:
        return _("It is kept for %(name)s until %(time)s.") % {
            "name": review.offered_to,
            "time": in_words(review.offered_until),
        }
    if review.skips.filter(reviewer=reviewer.pk).exists():
        return _("You skipped it.")
    return ""


def in_words(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j M, H:i")


def record(event: str, review: Review, actor: str, **data: object) -> None:
    if review.kind == Review.Kind.AUDIT:
        # Under a name of its own: agents follow reviews, and must not learn what is audited.
        event = event.replace("review.", "audit.", 1)
    content = {"review": review.id.hex, "queue": review.queue.slug, **data}
    audit.record(review.case.chain, audit.Event(event, actor, content), case=review.case)
