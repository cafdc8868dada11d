"""A review as a person may see it: what the page would show them, and nothing that it hides."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

from reviews.history import name_of, trigger_name
from reviews.models import Case, Decision, Message, OutcomeRun, Review
from reviews.views.case_page import CasePage
from reviews.views.case_page.record import MOST_SIBLINGS
from reviews.wire import timestamp


def row(review: Review, user: AbstractBaseUser) -> dict[str, Any]:
    """As the queue page lists it: of what is answered before its proposal is shown, a list tells
    nothing that was proposed. The case comes with its agent, workflow and proposals."""
    hidden = review.case.answers_first
    return _seat(review, user) | ({} if hidden else _proposed(review))


def _seat(review: Review, user: AbstractBaseUser) -> dict[str, Any]:
    case = review.case
    return {
        "id": public_id(review),
        "object": "review",
        "case": case.public_id,
        "url": f"{settings.PUBLIC_URL}/cases/{case.public_id}/",
        "kind": review.kind.lower(),
        "state": review.state.lower(),
        "is_mine": review.state == Review.State.CLAIMED and review.claimed_by_id == user.pk,
        "held_by": person(review.claimed_by) if review.state == Review.State.CLAIMED else None,
        "queue": review.queue.slug,
        "workflow": case.release.workflow.slug,
        "agent": case.agent.slug,
        "agent_version": case.agent_version,
        "external_id": case.external_id,
        "subject": case.subject,
        "priority": review.priority,
        "due_at": timestamp(review.due_at),
        "created_at": timestamp(review.created_at),
        "lease_expires_at": timestamp(review.lease_expires_at),
        "snoozed_until": timestamp(review.snoozed_until),
        "kept_for_me_until": _kept(review, user),
        "answers_first": case.answers_first,
    }


def _proposed(review: Review) -> dict[str, Any]:
    case = review.case
    return {
        "summary": case.summary,
        "action": list(case.proposals.all())[-1].action,
        "reasons": _reasons(review),
        **_measured(case),
    }


def _measured(case: Case) -> dict[str, Any]:
    return {
        "value": _money(case),
        "currency": case.currency,
        "category": case.category,
        "confidence": case.confidence,
        "risk": {"score": case.risk_score, "categories": case.risk_categories},
    }


def _reasons(review: Review) -> list[dict[str, str]]:
    return [
        {
            "trigger": reason["trigger"],
            "title": trigger_name(reason["trigger"]),
            "detail": reason.get("detail", ""),
        }
        for reason in review.reasons
    ]


def detail(page: CasePage) -> dict[str, Any]:
    """`page.review` is the review that was asked for. What is withheld from this person is not
    there; the keys that are always there say so."""
    review, gate = page.review, page.gate
    assert review is not None
    document = _seat(review, page.user) | {
        "stage": {"key": page.walk.stage.key, "title": page.walk.stage.title},
        "presentation": gate.presentation.lower() if gate else "ai_first",
        "is_withheld": page.is_withheld,
        "instruction": gate.instruction if gate else "",
        "may": may(page),
        "verdicts": list(page.verdicts) if _is_open(review) else [],
        "reason_codes": dict(gate.reason_codes) if gate else {},
        "reason_required_on": list(gate.reason_required_on) if gate else [],
        "needs_fresh_login": bool(gate and gate.reauth_minutes is not None),
        "undo_until": timestamp(page.case.undo_until) if page.may_undo else None,
        "data": page.case.data,
        "seats": {
            "total": page.seats.total,
            "missing": page.seats.missing,
            "people": [{"name": name, "did": did} for name, did in page.seats.people],
        },
        "decisions": [_decision(row) for row in page.decisions],
        "conversation": [_said(each.message, each.who) for each in page.conversation.said],
        "history": [
            {"at": timestamp(line.at), "who": line.who, "what": line.what} for line in page.history
        ],
        "outcomes": [_run(run) for run in page.runs],
        "same_subject": [_sibling(case) for case in page.siblings[:MOST_SIBLINGS]],
    }
    if page.is_withheld:
        return document | {"actions": _actions(page)}
    return document | _shown(page) | ({} if page.is_blind else _from_the_agent(page))


def _shown(page: CasePage) -> dict[str, Any]:
    """What would run, and what a verdict is bound to."""
    return {
        "revision": page.proposal.revision,
        "digest": page.proposal.digest,
        "action": page.shown_action,
        "own_answer": page.committed.action if page.committed else None,
        "reversibility": page.reversibility.lower(),
        "actions": _actions(page),
        "response_schema": page.case.response_schema,
        "preview": _preview(page),
    }


def _from_the_agent(page: CasePage) -> dict[str, Any]:
    """In its own words and unchecked, kept apart from what Handrail says itself."""
    assert page.review is not None
    case = page.case
    return {
        "reasons": _reasons(page.review),
        "proposed": {
            "summary": case.summary,
            "action": page.original.action,
            "ai_output": page.proposal.ai_output,
            "cannot_proceed_reason": case.cannot_proceed_reason,
            **_measured(case),
        },
        "opinions": [
            {
                "agent": one.agent.slug,
                "stance": one.stance,
                "text": one.text,
                "confidence": one.confidence,
                "revision": one.revision,
                "at": timestamp(one.created_at),
            }
            for one in page.opinions
        ],
        "contradictions": [
            {"kind": one.kind, "said": one.said, "instead": one.instead}
            for one in page.contradictions
        ],
    }


def may(page: CasePage) -> list[str]:
    """The calls that this person can make on it now."""
    names = []
    if page.is_mine:
        names = ["decide", "renew", "release", *(offered.slug for offered in page.moves)]
        if page.is_withheld:
            names.append("answer")
    elif page.is_claimable or page.may_wake:
        names = ["claim"]
    return [*names, *(["undo"] if page.may_undo else [])]


def _actions(page: CasePage) -> list[dict[str, Any]]:
    """What the release knows: how an answer or an edit has to look."""
    return [
        {"name": action.name, "title": action.title, "args_schema": action.args_schema}
        for action in page.walk.plan.actions.values()
    ]


def _preview(page: CasePage) -> dict[str, Any] | None:
    if page.review is None or not _is_open(page.review) or page.preview is None:
        return None
    return {
        "sentences": page.preview.sentences,
        "problem": page.preview.problem,
        "requests": [
            {"title": one.title, "reversibility": one.reversibility.lower(), **one.shown}
            for one in page.preview.requests
        ],
    }


def _decision(row: Any) -> dict[str, Any]:
    return {
        "stage": row.stage_title,
        "verdict": row.verdict,
        "by": row.by,
        "person": person(row.reviewer) if row.by == Decision.By.REVIEWER else None,
        "changes": row.changes,
        "reason_code": row.reason_code,
        "message": row.message,
        "response": row.response,
        "revision": row.revision,
        "digest": row.digest,
        "at": timestamp(row.created_at),
    }


def _said(message: Message, who: str) -> dict[str, Any]:
    return {
        "kind": message.kind.lower(),
        "who": who,
        "text": message.text,
        "at": timestamp(message.created_at),
    }


def _run(run: OutcomeRun) -> dict[str, Any]:
    return {
        "title": run.title or run.event,
        "kind": run.kind.lower(),
        "state": run.state.lower(),
        "error": run.last_error,
        "at": timestamp(run.finished_at or run.created_at),
    }


def _sibling(case: Case) -> dict[str, Any]:
    document = {
        "case": case.public_id,
        "external_id": case.external_id,
        "workflow": case.release.workflow.slug,
        "state": case.state.lower(),
        "created_at": timestamp(case.created_at),
    }
    return document | {"value": None if case.answers_first else _money(case)}


def _money(case: Case) -> str | None:
    """Two places, or as many as are needed."""
    if case.value is None:
        return None
    exact = case.value.normalize()
    return f"{exact:f}" if exact.as_tuple().exponent < -2 else f"{exact:.2f}"


def person(user: Any) -> dict[str, str]:
    return {"id": f"u_{user.pk}", "name": name_of(user)}


def public_id(review: Review) -> str:
    return f"review_{review.id.hex}"


def _kept(review: Review, user: AbstractBaseUser) -> str | None:
    """Whom it is kept for, a list shows to nobody else."""
    return timestamp(review.offered_until) if review.offered_to_id == user.pk else None


def _is_open(review: Review) -> bool:
    return review.state in (Review.State.OPEN, Review.State.CLAIMED)
