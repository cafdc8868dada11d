"""Reversing what was decided: on record, with whatever takes its outcomes back."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Case, Decision, Notification, OutcomeRun
from reviews.models.decision import REVERSE
from reviews.outcomes import kinds
from reviews.outcomes.template import Rendered, TemplateError
from reviews.services import outbox, seats
from reviews.services.closing import label
from reviews.services.notices import notify
from reviews.services.verdicts import APPROVING, LONGEST_MESSAGE, InvalidVerdict
from reviews.services.walk import Walk
from workflows.compiler import OutcomePlan
from workflows.schemas import Problem

REVERSIBLE = (Case.State.DECIDED, Case.State.COMPLETED, Case.State.FAILED)
State = OutcomeRun.State
FAILED = (State.FAILED, State.UNCERTAIN, State.STALE)
UNSENT = (State.PENDING, State.RETRY_WAIT, *FAILED)


class NotReversible(Exception):
    """Says in words why it cannot be reversed, or not as it was shown."""


@dataclass(frozen=True, slots=True)
class Compensation:
    """What takes one run back: the request, or the words of why it cannot be written."""

    run: OutcomeRun
    rule: OutcomePlan
    request: Rendered | None
    problem: str = ""


@dataclass(slots=True)
class Reversal:
    """What reversing leads to, before anybody presses: shown, and held against what is done."""

    compensations: list[Compensation] = field(default_factory=list)
    cancelled: list[OutcomeRun] = field(default_factory=list)
    # Done, and nothing is declared that takes it back.
    remaining: list[OutcomePlan] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Of everything shown, so that what is confirmed is what was read."""
        content = [
            *((one.run.id.hex, one.request and one.request.digest) for one in self.compensations),
            *((run.id.hex, run.state) for run in self.cancelled),
            *((rule.id, "") for rule in self.remaining),
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def problems(self) -> list[str]:
        return [one.problem for one in self.compensations if one.problem]


def may_reverse(case: Case, user: AbstractBaseUser) -> bool:
    return case.state in REVERSIBLE and user.has_perm("reviews.reverse_case")


def planned(walk: Walk) -> Reversal:
    """In reverse order of what was done. Writes nothing."""
    found = Reversal()
    for run in sorted(_actions(walk), key=lambda run: (run.created_at, run.position), reverse=True):
        rule = _rule(walk, run)
        if run.state in UNSENT:
            found.cancelled.append(run)
        elif rule.compensation is None:
            found.remaining.append(rule)
        else:
            found.compensations.append(_compensation(walk, run, rule))
    return found


@transaction.atomic
def reverse_case(case: Case, *, by: AbstractBaseUser, reason: str, shown: str) -> Decision:
    """A new decision on a new visit; what was sent is taken back where a rule says how, what was
    not is never sent. `shown` is the digest of the Reversal that the person confirmed. Raises
    PermissionDenied, NotReversible, or InvalidVerdict without a reason."""
    if not by.has_perm("reviews.reverse_case"):
        raise PermissionDenied(_("Reversing needs the permission “Can reverse a decision”."))
    walk = Walk.of(case.pk)
    reversal = _checked(walk, shown)
    decision = _decide(walk, by, _reason(reason))
    for run in reversal.cancelled:
        locked = walk.lock_run(run.pk)
        locked.cancel()
        walk.note("outcome.cancelled", "system", run=run.id.hex)
    _schedule(walk, reversal, decision)
    outbox.announce(walk, "case.reversed")
    deciders = {row.reviewer_id for row in walk.decisions if row != decision}
    notify(deciders, Notification.Kind.REVERSED, case=walk.case, actor=by)
    walk.save()
    return decision


def settle(walk: Walk, run: OutcomeRun) -> None:
    """After a compensation: its run is taken back, or somebody is asked; the last one ends the
    visit."""
    if run.state == State.SUCCEEDED:
        original = walk.lock_run(run.compensates_id)
        original.compensate()
        walk.note("outcome.compensated", "system", run=original.id.hex)
        end_if_done(walk)
    elif run.state in FAILED:
        words = _("Taking “%(title)s” back failed: %(error)s")
        detail = words % {"title": run.rule.title, "error": run.last_error}
        seats.open_exception(walk, trigger="compensation_failed", detail=detail)


def retry(walk: Walk) -> None:
    """Somebody says that what failed is to be tried again."""
    runs = list(_here(walk))
    if not runs:
        reversal = planned(walk)
        _schedule(walk, reversal, walk.decisions[-1])
    for run in runs:
        if run.state in FAILED:
            run.requeue()
            outbox.nudge(run)
            walk.note("outcome.requeued", "system", run=run.id.hex)


def give_up(walk: Walk) -> None:
    """What could not be taken back stays; the reason is in the decision."""
    for run in _here(walk):
        if run.state in UNSENT:
            run.cancel()
            walk.note("outcome.cancelled", "system", run=run.id.hex)
    walk.leave(outcome=REVERSE)


def end_if_done(walk: Walk) -> None:
    following = [run for run in _here(walk) if run.state in UNSENT]
    if not following:
        walk.leave(outcome=REVERSE)
        return
    first = min(following, key=lambda run: run.position)
    if first.state == State.PENDING:
        outbox.nudge(first)


def _checked(walk: Walk, shown: str) -> Reversal:
    if walk.case.state not in REVERSIBLE:
        raise NotReversible(_("Only what is decided can be reversed, and once."))
    if any(run.state == State.RUNNING for run in _actions(walk)):
        raise NotReversible(_("An outcome is being sent at this moment: try again in a minute."))
    reversal = planned(walk)
    if reversal.digest != shown:
        raise NotReversible(_("What would be taken back has changed since you looked: look again."))
    return reversal


def _reason(typed: str) -> str:
    reason = typed.replace("\r\n", "\n").strip()
    if not reason:
        raise InvalidVerdict(Problem("/reason", _("Say why it is reversed.")))
    if len(reason) > LONGEST_MESSAGE:
        raise InvalidVerdict(Problem("/reason", _("is longer than 10,000 characters.")))
    return reason


def _decide(walk: Walk, by: AbstractBaseUser, reason: str) -> Decision:
    case, stage = walk.case, walk.stage
    seats.withdraw_open(walk, why="the decision was reversed")
    if walk.visit.left_at is None:
        walk.leave(outcome=REVERSE)
        label(walk)
    walk.enter(stage, arrived_on=REVERSE)
    decision = Decision(
        case=case,
        visit=walk.visit,
        by=Decision.By.REVIEWER,
        reviewer=by,
        verdict=REVERSE,
        message=reason,
        revision=walk.proposal.revision,
        digest=walk.proposal.digest,
    )
    walk.add(decision)
    case.reverse()
    if case.verdict in APPROVING:
        case.wrong = True
    walk.note(
        "case.reversed",
        audit.by_user(by),
        personal={"/message": reason},
        decision=decision.id.hex,
        revision=decision.revision,
        digest=decision.digest,
    )
    return decision


def _schedule(walk: Walk, reversal: Reversal, decision: Decision) -> None:
    if reversal.problems:
        detail = " ".join(reversal.problems)
        seats.open_exception(walk, trigger="compensation_not_rendered", detail=detail)
        return
    for position, one in enumerate(reversal.compensations, 1):
        run = _run(walk, one, decision, position)
        walk.add(run)
        walk.note(
            "outcome.scheduled",
            "system",
            run=run.id.hex,
            rule=run.rule_id,
            compensates=one.run.id.hex,
            decision=decision.id.hex,
            request_digest=run.digest,
        )
    end_if_done(walk)


def _run(walk: Walk, one: Compensation, decision: Decision, position: int) -> OutcomeRun:
    assert one.request is not None
    return OutcomeRun(
        case=walk.case,
        visit=walk.visit,
        decision=decision,
        rule_id=one.rule.id,
        compensates=one.run,
        kind=one.rule.kind,
        position=position,
        idempotency_key=f"{decision.id.hex}-{one.run.id.hex}",
        method=one.request.method,
        url=one.request.url,
        headers=one.request.headers,
        body=one.request.body,
        digest=one.request.digest,
        next_attempt_at=timezone.now(),
    )


def _compensation(walk: Walk, run: OutcomeRun, rule: OutcomePlan) -> Compensation:
    decision = walk.last_decision
    document = outbox.document_for(walk, decision=decision, verdict=walk.case.verdict)
    document["outcome"] = {
        "idempotency_key": run.idempotency_key,
        "status": run.last_status,
        "reply": _json(run.reply_excerpt),
    }
    try:
        slack = settings.SLACK_API_URL
        request = kinds.rendered(rule.kind, rule.compensation, document, slack=slack)
        return Compensation(run, rule, request)
    except TemplateError as error:
        return Compensation(run, rule, None, str(error))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _actions(walk: Walk) -> Iterator[OutcomeRun]:
    """What was sent, or is to be, for the decision itself."""
    done = (State.CANCELLED, State.COMPENSATED)
    for run in walk.runs:
        if run.rule_id and run.compensates_id is None and run.state not in done:
            yield run


def _here(walk: Walk) -> Iterator[OutcomeRun]:
    return (run for run in walk.runs if run.visit_id == walk.visit.id and run.rule_id)


def _rule(walk: Walk, run: OutcomeRun) -> OutcomePlan:
    rules = [rule for stage in walk.plan.stages.values() for rule in stage.outcomes]
    return next(rule for rule in rules if rule.id == run.rule_id)
