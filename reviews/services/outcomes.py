"""Running the outbox: at least once, each attempt under the same key, and never undecided."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone

from reviews import enqueue
from reviews.checkpoint_keys import STORE
from reviews.models import Checkpoint, OutcomeRun
from reviews.outcomes import (
    DEFAULT_LADDER,
    Failed,
    Outcome,
    Retry,
    Stale,
    Succeeded,
    email,
    functions,
    http_request,
    precondition,
    publication,
    retry_delay,
    slack_message,
    webhook,
)
from reviews.reading import read
from reviews.services import (
    checkpoints,
    exceptions,
    in_the_house,
    outbox,
    overrides,
    progress,
    targets,
)
from reviews.services.walk import Walk
from workflows.models import Secret, WebhookEndpoint

WEBHOOK_TIMEOUT = 15
ALTERED = "The stored request is not the one that was approved; it was not sent."
# Who is asked in a chat is not asked any more a day later.
LADDERS = {OutcomeRun.Kind.SLACK_MESSAGE: DEFAULT_LADDER}
# Time a worker may need around the request itself before it counts as dead.
MARGIN = timedelta(seconds=5)
# A message that no worker took for so long counts as lost.
MESSAGE_LIFE = timedelta(seconds=10)


def run(run_id: UUID) -> None:
    """Sends what the row holds, if it is due and nobody else is sending it."""
    attempt = OutcomeRun.objects.begin(pk=run_id, otherwise=WEBHOOK_TIMEOUT, margin=MARGIN)
    if attempt:
        [row] = read(OutcomeRun, "id", run_id, related=("rule", "endpoint"))
        if (until := targets.wait_until(row)) is not None:
            OutcomeRun.objects.put_off(pk=run_id, attempt=attempt, until=until)
            return
        outcome = None if row.kind in in_the_house.KINDS else _deliver(row)
        if outcome is not None:
            targets.note(row, outcome)
        settle(row, attempt=attempt, outcome=outcome)


def _deliver(row: OutcomeRun) -> Outcome:
    if row.kind == OutcomeRun.Kind.WEBHOOK:
        return _deliver_webhook(row)
    if row.kind == OutcomeRun.Kind.EMAIL:
        return _deliver_mail(row)
    if row.kind == OutcomeRun.Kind.PUBLICATION:
        return _publish(row)
    request = outbox.request_of(row)
    if request.digest != row.digest:
        return Failed(ALTERED)
    how = {"secrets": _secret, "allow": settings.OUTBOUND_ALLOW}
    how["timeout"] = row.rule.timeout_seconds if row.rule else WEBHOOK_TIMEOUT
    if row.precondition is not None:
        changed = precondition.check(row.precondition, key=row.idempotency_key, **how)
        if changed is not None:
            return changed
    if row.kind == OutcomeRun.Kind.CALLABLE:
        args = json.loads(request.body)
        return functions.deliver(row.url, args, idempotency_key=row.idempotency_key)
    if row.kind == OutcomeRun.Kind.SLACK_MESSAGE:
        return slack_message.deliver(request, key=row.idempotency_key, **how)
    return http_request.deliver(
        request,
        idempotency_key=row.idempotency_key,
        expected_status=row.rule.expected_status,
        **how,
    )


def _deliver_mail(row: OutcomeRun) -> Outcome:
    return email.deliver(
        bytes(row.body).decode(),
        to=row.url,
        subject=row.headers["Subject"],
        message_id=f"<{row.id.hex}@{urlsplit(settings.PUBLIC_URL).hostname}>",
    )


def _deliver_webhook(row: OutcomeRun) -> Outcome:
    endpoint = row.endpoint
    url = endpoint.url if endpoint else row.case.callback_url
    if not url or (endpoint and not endpoint.is_active):
        return Failed("The address is gone or switched off.")
    return webhook.deliver(
        bytes(row.body),
        url=url,
        message_id=f"msg_{row.id.hex}",
        secrets=_signing_secrets(row),
        at=timezone.now(),
        # As it was written: the format of an endpoint may have been changed since.
        content_type=row.headers.get("Content-Type", "application/json"),
        allow=settings.OUTBOUND_ALLOW,
        timeout=WEBHOOK_TIMEOUT,
    )


def _publish(row: OutcomeRun) -> Outcome:
    body = bytes(row.body)
    if not row.url.startswith(STORE):
        return publication.tell(
            body, url=row.url, allow=settings.OUTBOUND_ALLOW, timeout=WEBHOOK_TIMEOUT
        )
    name = row.url.removeprefix(STORE)
    if "checkpoints" not in settings.STORAGES:
        return Retry("HANDRAIL_CHECKPOINT_DIR and HANDRAIL_CHECKPOINT_STORAGE are not set here.")
    checkpoint = Checkpoint.objects.get(number=int(name.removesuffix(".json")))
    try:
        document = checkpoints.document(checkpoint)
    except checkpoints.Changed as error:
        return Failed(str(error))
    return publication.keep(document, name=name, storage=storages["checkpoints"])


def _signing_secrets(row: OutcomeRun) -> list[str]:
    """The endpoint's; a callback is signed with those of the agent's first endpoint, if any."""
    listening = WebhookEndpoint.objects.filter(agent=row.case.agent_id, is_active=True)
    endpoint = row.endpoint or listening.order_by("pk").first()
    return endpoint.secrets if endpoint else []


def _secret(name: str) -> str:
    secret = Secret.objects.filter(name=name).first()
    if secret is None:
        raise LookupError(name)
    return secret.value


@transaction.atomic
def settle(sent: OutcomeRun, *, attempt: int, outcome: Outcome | None) -> None:
    """Puts the answer on record; the last answer of a visit lets the case walk on. What is done
    in the house (no `outcome` yet) is done here, under the lock of its case."""
    if sent.case_id is None:
        _settle_alone(sent, attempt=attempt, outcome=outcome)
        return
    walk = Walk.of(sent.case_id, is_seen=sent.rule_id is not None, run_id=sent.pk)
    row = next(run for run in walk.runs if run.pk == sent.pk)
    if row.state != OutcomeRun.State.RUNNING or row.attempts != attempt:
        # Its lease ran out and somebody else has it: that one's answer will count.
        return
    if outcome is None:
        is_it = outbox.request_of(row).digest == row.digest
        outcome = in_the_house.carry_out(walk, row) if is_it else Failed(ALTERED)
    event, data = _apply(row, outcome)
    walk.note(event, "system", run=row.id.hex, attempt=row.attempts, **data)
    if row.rule_id is not None:
        _after_action(walk, row)
    elif isinstance(outcome, Failed) and outcome.disables and row.endpoint:
        row.endpoint.is_active = False
        row.endpoint.disabled_reason = outcome.words[:200]
        row.endpoint.save()
    walk.save()


def _settle_alone(sent: OutcomeRun, *, attempt: int, outcome: Outcome) -> None:
    """A mail belongs to a person, a checkpoint to all cases: its row is all its record."""
    row = OutcomeRun.objects.select_for_update().get(pk=sent.pk)
    if row.state == OutcomeRun.State.RUNNING and row.attempts == attempt:
        _apply(row, outcome)
        row.save()


def _apply(row: OutcomeRun, outcome: Outcome) -> tuple[str, dict[str, Any]]:
    """What goes on record: the event and what it says."""
    reply = outcome.reply
    status, excerpt = (reply.status, reply.body_excerpt) if reply else (None, "")
    if isinstance(outcome, Succeeded):
        row.succeed(status=status, reply=excerpt)
        return "outcome.succeeded", {"status": status}
    if isinstance(outcome, Stale):
        row.stop(error=outcome.words, differences=list(outcome.differences))
        return "outcome.stale", {"error": outcome.words}
    ladder = row.rule.retry_delays if row.rule else LADDERS.get(row.kind, webhook.LADDER)
    wait = None
    if isinstance(outcome, Retry):
        tried = row.attempts - row.attempts_before
        wait = retry_delay(tried, ladder=ladder, after=outcome.after)
    if wait is not None:
        row.wait(until=timezone.now() + timedelta(seconds=wait), error=outcome.words, status=status)
        return "outcome.retried", {"status": status, "error": outcome.words}
    if isinstance(outcome, Retry) and outcome.uncertain:
        row.lose(error=outcome.words)
        return "outcome.uncertain", {"error": outcome.words}
    row.fail(error=outcome.words, status=status, reply=excerpt)
    return "outcome.failed", {"status": status, "error": outcome.words}


def _after_action(walk: Walk, row: OutcomeRun) -> None:
    state = OutcomeRun.State
    if row.compensates_id is not None:
        overrides.settle(walk, row)
        return
    if row.state in overrides.FAILED:
        exceptions.failed(walk, row)
        return
    if row.state != state.SUCCEEDED:
        return
    rest = [
        run for run in walk.runs if run.visit_id == row.visit_id and run.state != state.SUCCEEDED
    ]
    if rest:
        step = min(run.position for run in rest)
        for run in rest:
            if run.position == step and run.state == state.PENDING:
                outbox.nudge(run)
        return
    outbox.announce(walk, "outcome.succeeded")
    progress.advance(walk, verdict="done")


def sweep(*, limit: int = 2000) -> int:
    """Finds what a crash, a lost message or a pause left behind; how many were sent again."""
    _recover_lost(limit)
    unheard = OutcomeRun.objects.unheard(since=timezone.now() - MESSAGE_LIFE)
    ids = list(unheard.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])
    OutcomeRun.objects.filter(pk__in=ids).update(nudged_at=timezone.now())
    for pk in ids:
        enqueue.send("reviews.run_outcome", run_id=str(pk))
    return len(ids)


def _recover_lost(limit: int) -> None:
    """A worker that died mid-way has spent an attempt: what kills every worker climbs the ladder
    like any other trouble and ends with a person. Whether it was done is not known."""
    for row in list(OutcomeRun.objects.lost()[:limit]):
        # What is done in the house is done with its answer or not at all.
        is_open = row.kind not in in_the_house.KINDS
        lost = Retry("The worker stopped before the answer came.", uncertain=is_open)
        settle(row, attempt=row.attempts, outcome=lost)
