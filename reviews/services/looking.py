"""Who looked at a case is on record: once a person and visit, again when they hold a seat, and
again when there is another revision to see; not every time the page is loaded."""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from reviews import audit
from reviews.models import AuditEntry, Case, Proposal, Review, Visit


def view_case(
    case: Case,
    *,
    viewer: AbstractBaseUser,
    visit: Visit,
    proposal: Proposal,
    held: Review | None,
    entries: Iterable[AuditEntry] | None = None,
) -> bool:
    """Puts the look on the case's record where there is none like it, and says whether it did;
    `entries` is that record where the caller has read it already."""
    actor = audit.by_user(viewer)
    look = {
        "visit": visit.number,
        "review": held.id.hex if held else "",
        "revision": proposal.revision,
        "digest": proposal.digest,
    }
    if entries is None:
        entries = case.audit_entries.filter(event="case.viewed", actor=actor)
    before = (row for row in entries if row.event == "case.viewed" and row.actor == actor)
    if any(entry.content["data"] == look for entry in before):
        return False
    with transaction.atomic():
        audit.record(case.chain, audit.Event("case.viewed", actor, look), case=case)
    return True
