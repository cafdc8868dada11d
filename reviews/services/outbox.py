"""What will leave the house, written down in full at the moment it was decided."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils import timezone

from reviews import audit, enqueue
from reviews.models import Case, Decision, OutcomeRun, Review
from reviews.outcomes import kinds, precondition, webhook
from reviews.outcomes.template import Rendered, TemplateError
from reviews.reading import read
from reviews.services.facts import document_of, facts_of
from reviews.services.walk import Walk
from reviews.writing import write_together
from workflows.compiler import OutcomePlan, StagePlan
from workflows.expressions import ExpressionError
from workflows.facts import Facts
from workflows.models import WebhookEndpoint

DECIDING_EVENTS = ("case.decided", "case.expired")
FINAL_EVENTS = (*DECIDING_EVENTS, "case.cancelled", "case.reversed")


def schedule(walk: Walk) -> str | None:
    """The runs of an ACTION stage, in their order; the words of what could not be rendered,
    and then nothing is scheduled."""
    try:
        rules = rules_for(walk, walk.stage, verdict=walk.visit.arrived_on)
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
    for run in runs:
        if run.position == runs[0].position:
            nudge(run)
    return None


def rules_for(walk: Walk, stage: StagePlan, *, verdict: str) -> list[OutcomePlan]:
    """The rules of a stage that this case meets. Raises TemplateError where a condition cannot be
    worked out: then nothing runs and a person is asked."""
    facts = facts_of(walk.case, walk.proposal, walk.plan)
    rules = (rule for rule in stage.outcomes if verdict in rule.on_verdicts)
    return [rule for rule in rules if _is_met(rule, facts)]


def _is_met(rule: OutcomePlan, facts: Facts) -> bool:
    if rule.condition is None:
        return True
    try:
        answer = rule.condition.evaluate(facts)
    except ExpressionError as error:
        raise TemplateError(f"Whether “{rule.title}” runs could not be worked out: {error}") from (
            error
        )
    if not isinstance(answer, bool):
        raise TemplateError(f"Whether “{rule.title}” runs is neither yes nor no: {answer!r:.80}")
    return answer


def rendered_for(rule: OutcomePlan, document: Mapping[str, Any]) -> Rendered:
    """The request of a rule with what is read again before it is sent. Raises TemplateError."""
    slack = settings.SLACK_API_URL
    request = kinds.rendered(rule.kind, rule.template, document, slack=slack)
    if rule.precondition is None:
        return request
    return replace(request, precondition=precondition.rendered(rule.precondition, document))


def announce(walk: Walk, event: str) -> None:
    """Tells the agent: its endpoints that subscribed, and the callback of the case at the end."""
    for endpoint in listening(walk.case, event):
        if _can_say(walk, event, endpoint.format):
            _webhook(walk, event, endpoint=endpoint)
    if (
        walk.case.callback_url_encrypted
        and event in FINAL_EVENTS
        and _can_say(walk, event, walk.case.callback_format)
    ):
        _webhook(walk, event, endpoint=None)


def listening(case: Case, event: str) -> list[WebhookEndpoint]:
    endpoints = read(WebhookEndpoint, "agent_id", case.agent_id)
    return [endpoint for endpoint in endpoints if endpoint.hears(event)]


def announce_claim(review: Review) -> None:
    """Tells the agent that somebody took its case, but never that it is audited. A claim takes no
    lock of the case and changes nothing of it; what tells of claims of one case comes one after
    the other, because the caller holds the head of its record."""
    case = review.case
    if review.kind == Review.Kind.AUDIT or not listening(case, "case.assigned"):
        return
    walk = Walk.reading(case)
    announce(walk, "case.assigned")
    write_together(walk.new)
    audit.record(case.chain, *walk.events, case=case)


def _can_say(walk: Walk, event: str, format: str) -> bool:
    """The raw format is the decision alone, for an address that resumes an agent, once."""
    is_decision = walk.case.decided_at is not None and event in DECIDING_EVENTS
    return format != webhook.RAW or is_decision


def request_of(run: OutcomeRun) -> Rendered:
    return Rendered(run.method, run.url, run.headers, bytes(run.body), run.precondition)


def nudge(run: OutcomeRun) -> None:
    """A message on commit; the caller saves the row, which remembers that it was sent."""
    run.nudged_at = timezone.now()
    enqueue.on_commit("reviews.run_outcome", run_id=str(run.id))


def _run(walk: Walk, rule: OutcomePlan) -> OutcomeRun:
    decision = walk.last_decision
    document = document_for(walk, decision=decision, verdict=walk.case.verdict)
    rendered = rendered_for(rule, document)
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
        precondition=rendered.precondition,
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
    format = endpoint.format if endpoint else case.callback_format or webhook.STANDARD
    run.headers = {"Content-Type": webhook.CONTENT_TYPES[format]}
    run.body = webhook.body_for(
        event, walk.on_wire(), format, timezone.now(), message_id=f"msg_{run.id.hex}"
    )
    run.digest = f"sha-256:{hashlib.sha256(run.body).hexdigest()}"
    walk.add(run)
    walk.note("outcome.scheduled", "system", run=run.id.hex, event=event, request_digest=run.digest)
    nudge(run)
