"""What a lead sees of the queues they lead: every number a bounded look into an index.

Ages come from the index of the longest waiting, due times from the one that claims go by,
priority after priority; the day's decisions from their ids, which are in order of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from reviews.models import Review

MOST_COUNTED = 10_000
MOST_HELD = 300
DUE_FIRST = 25
SOON = timedelta(hours=1)
# Upper ends of the columns of ages; the last has none.
AGES = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=3), None)

AGEING = """
SELECT queue.id, bucket.place, (
    SELECT count(*) FROM (
        SELECT FROM reviews_review review
        WHERE review.queue_id = queue.id AND review.state = 'OPEN'
          AND review.created_at > bucket.since AND review.created_at <= bucket.until
        LIMIT %(most)s
    ) counted)
FROM unnest(%(queues)s::bigint[]) queue(id)
CROSS JOIN unnest(%(places)s::int[], %(since)s::timestamptz[], %(until)s::timestamptz[])
    bucket(place, since, until)
"""

# Every priority that waits in a queue, from the top: each step is one look into the index.
STEPS = """
WITH RECURSIVE step(queue_id, priority) AS (
    SELECT queue.id, (
        SELECT review.priority FROM reviews_review review
        WHERE review.queue_id = queue.id AND review.state = 'OPEN'
        ORDER BY review.priority DESC, review.due_at, review.id LIMIT 1)
    FROM unnest(%(queues)s::bigint[]) queue(id)
    UNION ALL
    SELECT step.queue_id, (
        SELECT review.priority FROM reviews_review review
        WHERE review.queue_id = step.queue_id AND review.state = 'OPEN'
          AND review.priority < step.priority
        ORDER BY review.priority DESC, review.due_at, review.id LIMIT 1)
    FROM step WHERE step.priority IS NOT NULL
)
"""
BREACHES = (
    STEPS
    + """
SELECT step.queue_id, sum(due.late), sum(due.soon)
FROM step CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE head.due_at < %(now)s) AS late,
           count(*) FILTER (WHERE head.due_at >= %(now)s) AS soon
    FROM (
        SELECT review.due_at FROM reviews_review review
        WHERE review.queue_id = step.queue_id AND review.state = 'OPEN'
          AND review.priority = step.priority AND review.due_at < %(soon)s
        ORDER BY review.due_at, review.id LIMIT %(most)s
    ) head
) due
WHERE step.priority IS NOT NULL
GROUP BY step.queue_id
"""
)
EARLIEST = (
    STEPS
    + """
SELECT head.id
FROM step CROSS JOIN LATERAL (
    SELECT review.id, review.due_at FROM reviews_review review
    WHERE review.queue_id = step.queue_id AND review.state = 'OPEN'
      AND review.priority = step.priority
    ORDER BY review.due_at, review.id LIMIT %(first)s
) head
WHERE step.priority IS NOT NULL
ORDER BY head.due_at, head.id LIMIT %(first)s
"""
)
TODAY = """
SELECT decision.reviewer_id, date_trunc('hour', decision.created_at, %(zone)s) AS hour, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY decision.active_seconds)
FROM reviews_decision decision JOIN reviews_review review ON review.id = decision.review_id
WHERE decision.id >= %(first)s AND decision.by = 'reviewer' AND decision.standing = 'COUNTS'
  AND review.queue_id = ANY(%(queues)s)
GROUP BY GROUPING SETS ((), (1), (2))
"""


@dataclass(frozen=True, slots=True)
class Count:
    """A number that stops being exact where nobody would count on."""

    number: int

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        return f"{MOST_COUNTED:,}+" if self.number > MOST_COUNTED else f"{self.number:,}"


@dataclass(slots=True)
class QueueState:
    id: int
    ages: list[Count] = field(default_factory=lambda: [Count(0) for _age in AGES])
    late: Count = Count(0)
    soon: Count = Count(0)


@dataclass(frozen=True, slots=True)
class Work:
    """What was decided since the day began, and the median of the attention it took."""

    decided: int = 0
    median_seconds: float | None = None


@dataclass(slots=True)
class Today:
    whole: Work = field(default_factory=Work)
    people: dict[int, Work] = field(default_factory=dict)
    hours: dict[datetime, int] = field(default_factory=dict)


def states(queues: Sequence[int]) -> dict[int, QueueState]:
    """Ages and breaches of each queue."""
    found = {queue: QueueState(queue) for queue in queues}
    now = timezone.now()
    ends = [now - age if age else datetime.min.replace(tzinfo=now.tzinfo) for age in AGES]
    given = {
        "queues": list(queues),
        "most": MOST_COUNTED + 1,
        "places": list(range(len(AGES))),
        "since": [max(end, now - timedelta(days=36_500)) for end in ends],
        "until": [now + timedelta(days=1), *ends[:-1]],
        "now": now,
        "soon": now + SOON,
    }
    for queue, place, number in _rows(AGEING, given):
        found[queue].ages[place] = Count(number)
    for queue, late, soon in _rows(BREACHES, given):
        found[queue].late, found[queue].soon = Count(late), Count(soon)
    return found


def due_first(queues: Sequence[int]) -> QuerySet[Review]:
    """What is due first, whatever its priority."""
    ids = [row[0] for row in _rows(EARLIEST, {"queues": list(queues), "first": DUE_FIRST})]
    return _shown(Review.objects.filter(pk__in=ids, state=Review.State.OPEN)).order_by("due_at")


def held(queues: Sequence[int]) -> list[Review]:
    """Who works on what now, the longest held first."""
    claimed = Review.objects.filter(queue__in=queues, state=Review.State.CLAIMED)
    return list(_shown(claimed).order_by("claimed_at")[:MOST_HELD])


def today(queues: Sequence[int]) -> Today:
    """Since midnight in the reader's time zone."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    given = {
        "first": first_id_at(midnight),
        "queues": list(queues),
        "zone": str(timezone.get_current_timezone()),
    }
    found = Today()
    for person, hour, decided, median in _rows(TODAY, given):
        if hour is not None:
            found.hours[hour] = decided
        elif person is not None:
            found.people[person] = Work(decided, median)
        else:
            found.whole = Work(decided, median)
    return found


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of this millisecond."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62)


def members(queues: Sequence[int]) -> QuerySet[AbstractBaseUser]:
    """The people of the teams that work these queues."""
    people = get_user_model().objects.filter(is_active=True, teams__queues__in=queues)
    return people.distinct().order_by("username")


def _shown(reviews: QuerySet[Review]) -> QuerySet[Review]:
    return (
        reviews.prefetch_related("case__proposals")
        .select_related("case__agent", "case__release__workflow", "queue", "claimed_by")
        .defer("case__data", "case__response_schema", "case__metadata")
    )


def _rows(statement: str, given: dict[str, object]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()
