"""How often a host is asked, and not at all for a while when it keeps failing. What has to wait
spends no try; the host of a Slack or HTTP outcome is that of its address."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import connection
from django.utils import timezone

from reviews.models import OutcomeRun
from reviews.outcomes import Outcome, Retry
from workflows import prepared

MOST_FAILURES = 5
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(minutes=10)
KINDS = (OutcomeRun.Kind.HTTP_REQUEST, OutcomeRun.Kind.SLACK_MESSAGE)
MINUTE = timedelta(minutes=1)

LOOK = "SELECT per_minute, open_until, minute_began_at FROM reviews_target WHERE host = $1"
TAKE = """
UPDATE reviews_target
SET asked = CASE WHEN minute_began_at > %(now)s - interval '1 minute' THEN asked + 1 ELSE 1 END,
    minute_began_at = CASE WHEN minute_began_at > %(now)s - interval '1 minute'
                           THEN minute_began_at ELSE %(now)s END
WHERE host = %(host)s AND (minute_began_at IS NULL OR asked < per_minute
                           OR minute_began_at <= %(now)s - interval '1 minute')
"""
# Each failure in a row beyond the limit doubles the pause.
FAILED = """
INSERT INTO reviews_target AS target (host, failures, asked) VALUES (%(host)s, 1, 0)
ON CONFLICT (host) DO UPDATE SET failures = target.failures + 1,
    open_until = CASE WHEN target.failures + 1 >= %(most)s THEN %(now)s + least(%(longest)s,
        %(shortest)s * power(2, least(target.failures + 1 - %(most)s, 10))) END
"""
ANSWERED = """
UPDATE reviews_target SET failures = 0, open_until = NULL WHERE host = %s AND failures > 0
"""


def wait_until(run: OutcomeRun) -> datetime | None:
    """When its target may be asked, where that is not now."""
    found = prepared.fetch(LOOK, host_of(run)) if run.kind in KINDS else []
    if not found:
        return None
    now, (per_minute, open_until, began) = timezone.now(), found[0]
    if open_until is not None and open_until > now:
        return open_until
    if per_minute is None or _take(run, now):
        return None
    return max(began + MINUTE, now + timedelta(seconds=1))


def note(run: OutcomeRun, outcome: Outcome) -> None:
    """A target that answers is well, whatever it answers but that it cannot."""
    if run.kind not in KINDS:
        return
    with connection.cursor() as cursor:
        if isinstance(outcome, Retry):
            limits = {"most": MOST_FAILURES, "shortest": SHORTEST, "longest": LONGEST}
            now = timezone.now()
            cursor.execute(FAILED, {"host": host_of(run), "now": now, **limits})
        elif outcome.reply is not None and prepared.fetch(LOOK, host_of(run)):
            cursor.execute(ANSWERED, [host_of(run)])


def host_of(run: OutcomeRun) -> str:
    return urlsplit(run.url).netloc.lower()


def _take(run: OutcomeRun, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"host": host_of(run), "now": now})
        return cursor.rowcount == 1
