"""Permits: where the agent acts itself, the proof that it may, used up once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from reviews import audit
from reviews.models import Case, Decision, Permit
from reviews.models.decision import of_proposal
from reviews.reading import read_each
from reviews.services import stops
from reviews.services.walk import Walk
from workflows.compiler import plan_of
from workflows.models import Agent, Queue, Release

RUNS = ("approve", "edit")
STANDS = (Case.State.DECIDED, Case.State.COMPLETED, Case.State.FAILED)


class Gone(Exception):
    """The permit says no longer that the action may run, and why."""


class UsedUp(Exception):
    """The permit was redeemed before."""


class OtherAction(Exception):
    """What is about to run is not what was approved; the permit is not used up."""


@dataclass(frozen=True, slots=True)
class Redeemer:
    """The agent and which of its keys asks, so that the record can say it."""

    agent: Agent
    key: str
    # Empty: any of its workflows.
    workflows: tuple[int, ...] = ()


def issue(walk: Walk) -> None:
    """A permit where the agent runs what was just approved."""
    if walk.plan.executor != Release.Executor.AGENT or walk.case.verdict not in RUNS:
        return
    now = timezone.now()
    permit = Permit(
        case=walk.case,
        decision=walk.last_decision,
        digest=walk.proposal.digest,
        reversibility=_reversibility(walk),
        issued_at=now,
        expires_at=now + timedelta(seconds=settings.PERMIT_SECONDS),
    )
    walk.add(permit)
    walk.note(
        "permit.issued",
        audit.SYSTEM,
        nonce=permit.nonce,
        digest=permit.digest,
        decision=permit.decision_id.hex,
        expires_at=permit.expires_at.isoformat(),
    )


def standing(cases: Sequence[Case]) -> dict[UUID, Permit]:
    """The permits that the agents of these cases may be shown now, by the id of the case."""
    issued = {case.pk: case for case in cases if case.decided_at and _agent_runs(case)}
    last = read_each(Permit, "case_id", list(issued), related=("decision",))
    shown = {
        id: rows[-1] for id, rows in last.items() if rows and not why_gone(rows[-1], issued[id])
    }
    stopped = shown and stops.any_by_hand()
    return {id: permit for id, permit in shown.items() if not (stopped and _stopped(issued[id]))}


def _agent_runs(case: Case) -> bool:
    return plan_of(case.release_id).executor == Release.Executor.AGENT


def _stopped(case: Case) -> bool:
    return stops.by_hand(case, workflow_id=plan_of(case.release_id).workflow_id).exists()


def why_gone(permit: Permit, case: Case) -> str:
    """Empty while the approval stands; stops are asked for apart."""
    if permit.expires_at <= timezone.now():
        return f"It expired at {permit.expires_at:%Y-%m-%d %H:%M:%S} UTC."
    if permit.exchanged_at is not None:
        return f"It was exchanged for a grant at {_words(permit.exchanged_at)}."
    if case.state not in STANDS:
        return f"The decision does not stand any more: the case is {case.state.lower()}."
    return ""


def claims_of(permit: Permit, case: Case, decisions: Iterable[Decision]) -> dict[str, Any]:
    """What a permit says, before it is signed. Nobody's name is in it, only ids."""
    plan, decision = plan_of(case.release_id), permit.decision
    return {
        "iss": settings.PUBLIC_URL,
        "sub": case.agent.slug,
        "case": case.public_id,
        "workflow": plan.workflow_slug,
        "release": plan.number,
        "decision": decision.id.hex,
        "verdict": case.verdict,
        "by": decision.by,
        "approvers": [f"u_{row.reviewer_id}" for row in _approvals(decisions)],
        "action_digest": permit.digest,
        "reversibility": permit.reversibility,
        "nonce": permit.nonce,
        "iat": int(permit.issued_at.timestamp()),
        "exp": int(permit.expires_at.timestamp()),
    }


def redeem(nonce: str, *, by: Redeemer, digest: str | None = None) -> Permit:
    """Uses the permit up. Raises Permit.DoesNotExist for one that is not this agent's, UsedUp,
    Gone or OtherAction; each refusal stands on the record of the case, as the use does."""
    with transaction.atomic():
        found = _own(by).get(pk=nonce)
        case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=found.case_id)
        permit = Permit.objects.select_for_update().get(pk=nonce)
        refusal = _refusal(permit, case, digest)
        if refusal is None:
            permit.redeemed_at = timezone.now()
            permit.save()
        _on_record(permit, case, by, refusal)
    if refusal is not None:
        raise refusal
    return permit


def _own(by: Redeemer) -> models.QuerySet[Permit]:
    own = Permit.objects.filter(case__agent=by.agent)
    return own.filter(case__release__workflow__in=by.workflows) if by.workflows else own


def _refusal(permit: Permit, case: Case, digest: str | None) -> Exception | None:
    if permit.redeemed_at is not None:
        return UsedUp(f"It was used up at {_words(permit.redeemed_at)}.")
    workflow_id = plan_of(case.release_id).workflow_id
    stops.hold_routing()
    if stops.by_hand(case, workflow_id=workflow_id).exists():
        return Gone("A stop was pulled over this case.")
    if why := why_gone(permit, case) or without_right(case):
        return Gone(why)
    if digest is not None and digest != permit.digest:
        return OtherAction(f"{digest} is not what was approved: {permit.digest}.")
    return None


def without_right(case: Case) -> str:
    """Approvals are worth what today's permissions make of them."""
    rows = case.decisions.select_related("reviewer", "review")
    for row in _approvals(rows):
        workable = Queue.objects.workable_by(row.reviewer).filter(pk=row.review.queue_id)
        if not row.reviewer.is_active or not workable.exists():
            return "Somebody who approved it may not decide such cases any more."
    return ""


def _approvals(decisions: Iterable[Decision]) -> list[Decision]:
    return [
        row
        for row in of_proposal(decisions)
        if row.by == Decision.By.REVIEWER and row.verdict in RUNS
    ]


def _reversibility(walk: Walk) -> str:
    """What nobody classified counts as irreversible."""
    action = walk.proposal.action
    plan = walk.plan.actions.get(action["name"]) if action else None
    return plan.reversibility if plan else "IRREVERSIBLE"


def _on_record(permit: Permit, case: Case, by: Redeemer, refusal: Exception | None) -> None:
    data = {"nonce": permit.nonce, "digest": permit.digest, "key": by.key}
    event = "permit.redeemed"
    if refusal is not None:
        event, data = "permit.refused", data | {"why": str(refusal)}
    audit.record(case.chain, audit.Event(event, audit.by_agent(by.agent.pk), data), case=case)


def _words(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
