"""What will leave the house, written down in full at the moment it was decided."""

import hashlib
from typing import Any

from django.utils import timezone

from reviews import enqueue
from reviews.models import Decision, OutcomeRun
from reviews.outcomes.template import TemplateError, render
from reviews.outcomes.webhook import body_for
from reviews.reading import read
from reviews.services.facts import document_of
from reviews.services.walk import Walk
from workflows.compiler import OutcomePlan
from workflows.models import WebhookEndpoint

FINAL_EVENTS = ("case.decided", "case.expired", "case.cancelled", "case.reversed")


def schedule(walk: Walk) -> str | None:
    """The runs of an ACTION stage, in their order; the words of what could not be rendered,
    and then nothing is scheduled."""
    rules = [rule for rule in walk.stage.outcomes if walk.visit.arrived_on in rule.on_verdicts]
    try:
        runs = [_run(walk, rule) for rule in rules]
    except TemplateError as error:
        return str(error)
    for run in runs:
        walk.add(run)
        walk.note(
            "outcome.scheduled",
            "system",
            run=run.id.hex,
            rule=run.rule_id,
            decision=run.decision.id.hex,
            request_digest=run.digest,
        )
    if runs:
        nudge(runs[0])
    return None


def announce(walk: Walk, event: str) -> None:
    """Tells the agent: its endpoints that subscribed, and the callback of the case at the end."""
    for endpoint in read(WebhookEndpoint, "agent_id", walk.case.agent_id):
        if endpoint.is_active and (not endpoint.events or event in endpoint.events):
            _webhook(walk, event, endpoint=endpoint)
    if walk.case.callback_url_encrypted and event in FINAL_EVENTS and _can_say(walk, event):
        _webhook(walk, event, endpoint=None)


def _can_say(walk: Walk, event: str) -> bool:
    """The raw format is the decision alone, for an address that resumes an agent, once."""
    is_decision = walk.case.decided_at is not None and event != "case.reversed"
    return walk.case.callback_format != "raw" or is_decision


def nudge(run: OutcomeRun) -> None:
    """A message on commit; the caller saves the row, which remembers that it was sent."""
    run.nudged_at = timezone.now()
    enqueue.on_commit("reviews.run_outcome", run_id=str(run.id))


def _run(walk: Walk, rule: OutcomePlan) -> OutcomeRun:
    decision = walk.last_decision
    document = document_for(walk, decision=decision, verdict=walk.case.verdict)
    rendered = render(rule.template, document)
    return OutcomeRun(
        case=walk.case,
        visit=walk.visit,
        decision=decision,
        rule_id=rule.id,
        kind=rule.kind,
        position=rule.position,
        idempotency_key=f"{decision.id.hex}-{rule.id}-{walk.proposal.revision}",
        method=rendered.method,
        url=rendered.url,
        headers=rendered.headers,
        body=rendered.body,
        digest=rendered.digest,
        next_attempt_at=timezone.now(),
    )


def document_for(walk: Walk, *, decision: Decision, verdict: str) -> dict[str, Any]:
    """What an outcome rule's template may copy from."""
    case = walk.case
    return document_of(case, walk.proposal) | {
        "case": {
            "id": case.public_id,
            "external_id": case.external_id,
            "workflow": walk.plan.workflow_slug,
            "subject": case.subject,
            "summary": case.summary,
            "value": None if case.value is None else f"{case.value:f}",
            "currency": case.currency,
            "category": case.category,
        },
        "decision": {
            "id": decision.id.hex,
            "type": verdict,
            "message": decision.message,
            "reason_code": decision.reason_code,
        },
    }


def _webhook(walk: Walk, event: str, *, endpoint: WebhookEndpoint | None) -> None:
    case = walk.case
    target = endpoint.pk if endpoint else "callback"
    # An outcome may fail, be tried again and fail again: each time is told.
    told = sum(run.event == event and run.endpoint == endpoint for run in walk.runs)
    run = OutcomeRun(
        case=case,
        event=event,
        endpoint=endpoint,
        kind=OutcomeRun.Kind.WEBHOOK,
        next_attempt_at=timezone.now(),
        idempotency_key=f"{case.id.hex}-{event}-{told + 1}-{target}",
        body=b"",
    )
    run.body = body_for(
        event,
        walk.on_wire(),
        case.callback_format or "standard" if endpoint is None else "standard",
        timezone.now(),
        message_id=f"msg_{run.id.hex}",
    )
    run.digest = f"sha-256:{hashlib.sha256(run.body).hexdigest()}"
    walk.add(run)
    walk.note("outcome.scheduled", "system", run=run.id.hex, event=event, request_digest=run.digest)
    nudge(run)
