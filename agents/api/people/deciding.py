"""From the body of a verdict to the decision; the service judges it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agents.api.people.documents import public_id
from agents.api.problems import Conflict, Unprocessable
from reviews.models import Case, Decision, Review
from reviews.services import verdicts
from reviews.services.decisions import NotYours, decide_review
from reviews.services.drafts import forget_draft
from reviews.services.verdicts import Answer
from reviews.views.case_page import CasePage
from reviews.wire import timestamp
from workflows.pointers import ABSENT
from workflows.schemas import Problem


def decide(
    page: CasePage, body: Mapping[str, Any], *, confirmed_at: datetime | None
) -> tuple[Decision, bool]:
    """The decision, and whether this call made it: a verdict sent again is found again."""
    review, user = page.review, page.user
    assert review is not None
    revision, digest = _bound(page, body)
    try:
        decision = decide_review(
            review,
            reviewer=user,
            answer=_answer(page, body),
            revision=revision,
            digest=digest,
            active_seconds=body.get("active_seconds"),
            confirmed_at=confirmed_at,
        )
    except NotYours as error:
        earlier = _earlier(review, user.pk, body)
        if earlier is None:
            raise Conflict(str(error)) from error
        return earlier, False
    forget_draft(page.case, user=user)
    return decision, True


def document(decision: Decision) -> dict[str, Any]:
    case = Case.objects.get(pk=decision.case_id)
    undo = case.undo_until if decision.standing == Decision.Standing.COUNTS else None
    assert decision.review is not None
    return {
        "object": "decision",
        "review": public_id(decision.review),
        "case": case.public_id,
        "verdict": decision.verdict,
        "standing": decision.standing.lower(),
        "changes": decision.changes,
        "revision": decision.revision,
        "digest": decision.digest,
        "undo_until": timestamp(undo),
        "at": timestamp(decision.created_at),
    }


def _bound(page: CasePage, body: Mapping[str, Any]) -> tuple[int, str]:
    """Who was shown no proposal can name none: a no is bound to what stands now."""
    if page.is_withheld:
        return page.proposal.revision, page.proposal.digest
    missing = [name for name in ("revision", "digest") if name not in body]
    if missing:
        raise Unprocessable(
            [Problem(f"/{name}", "is missing: say what was looked at") for name in missing]
        )
    return body["revision"], body["digest"]


def _answer(page: CasePage, body: Mapping[str, Any]) -> Answer:
    changes = body.get("changes", {}) | dict.fromkeys(body.get("remove", ()), ABSENT)
    if page.committed and body["verdict"] == verdicts.EDIT and page.answered_changes:
        # Where somebody answered first, what they answered is the edit.
        changes = page.answered_changes
    return Answer(
        verdict=body["verdict"],
        changes=changes,
        reason_code=body.get("reason_code", ""),
        message=body.get("message", ""),
        response=body.get("response"),
        opened=tuple(body.get("opened", ())),
    )


def _earlier(review: Review, user_id: int, body: Mapping[str, Any]) -> Decision | None:
    """What this person said here before in the same words: the answer to it was lost."""
    rows = Decision.objects.filter(
        review=review, reviewer=user_id, standing=Decision.Standing.COUNTS
    )
    row = rows.select_related("review").order_by("-id").first()
    said = (body["verdict"], body.get("message", ""), body.get("reason_code", ""))
    return row if row and (row.verdict, row.message, row.reason_code) == said else None
