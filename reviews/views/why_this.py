"""Why somebody has this review before them and not another one, in a sentence."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from reviews.models import AuditEntry, Review

CLAIMED = ("review.claimed", "audit.claimed")
SOON = timedelta(hours=1)


def why_this_now(review: Review, entries: Iterable[AuditEntry]) -> str:
    """From what stands on record of the claim (newest first), and from what orders the queue."""
    if review.offered_to_id is not None and review.offered_to_id == review.claimed_by_id:
        return _("It came now because it was kept for you.")
    if _was_oldest(review, entries):
        return _("It came now because it waited longest: three of twenty do, so that none is left.")
    left = review.due_at - timezone.now()
    if left < timedelta(0):
        why = _("it is late")
    elif left < SOON:
        why = _("it is due within the hour")
    elif review.priority > 0:
        why = _("its reason puts it before others")
    else:
        why = _("it is due first of those you may decide")
    return _("It came now from %(queue)s because %(why)s.") % {"queue": review.queue, "why": why}


def _was_oldest(review: Review, entries: Iterable[AuditEntry]) -> bool:
    last = next((entry for entry in entries if entry.event in CLAIMED), None)
    data = last.content["data"] if last else {}
    return data.get("review") == review.id.hex and data.get("order") == "oldest"
