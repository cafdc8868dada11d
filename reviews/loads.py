"""How much waits in each queue, for the left rail: a bounded look, however long the queue is."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection

MOST_COUNTED = 10_000

# Counted in the index alone, and never past the most; another index begins with the oldest.
LOADS = """
SELECT queue.id, queue.name, queue.slug, counted.waiting, (
    SELECT review.created_at FROM reviews_review review
    WHERE review.queue_id = queue.id AND review.state = 'OPEN'
    ORDER BY review.created_at LIMIT 1
) AS oldest
FROM workflows_queue queue
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting FROM (
        SELECT FROM reviews_review review
        WHERE review.queue_id = queue.id AND review.state = 'OPEN'
        LIMIT %(most)s
    ) head
) counted
WHERE queue.id IN (
    SELECT worked.queue_id
    FROM workflows_queue_teams worked
    JOIN workflows_membership member ON member.team_id = worked.team_id
    WHERE member.user_id = %(user)s
)
ORDER BY queue.position, queue.name
"""


@dataclass(frozen=True, slots=True)
class QueueLoad:
    id: int
    name: str
    slug: str
    waiting: int
    oldest: datetime | None

    @property
    def is_capped(self) -> bool:
        return self.waiting > MOST_COUNTED

    @property
    def count(self) -> str:
        return f"{MOST_COUNTED:,}+" if self.is_capped else f"{self.waiting:,}"


def queue_loads(user: AbstractBaseUser) -> list[QueueLoad]:
    with connection.cursor() as cursor:
        cursor.execute(LOADS, {"user": user.pk, "most": MOST_COUNTED + 1})
        return [QueueLoad(*row) for row in cursor.fetchall()]
