"""advance: walks a case through its stages until it has to wait for somebody."""

from reviews.draws import draw
from reviews.models import Case, Decision
from reviews.services import audits, grants, outbox, permits, seats, standing, stops
from reviews.services.closing import close
from reviews.services.facts import facts_of
from reviews.services.verdicts import APPROVING
from reviews.services.walk import Walk
from workflows.compiler import StagePlan
from workflows.facts import Facts
from workflows.models import Stage
from workflows.routing import pick
from workflows.triggers import Firing, fired

MOST_VISITS = 50
ANSWERS = ("approve", "edit", "reject", "respond")


def begin(walk: Walk) -> None:
    walk.enter(walk.plan.stages[walk.plan.first], arrived_on="")
    _walk_on(walk)


def advance(walk: Walk, *, verdict: str) -> None:
    """The open visit ends with this verdict and the case goes where its routes send it: to the
    next gate that fires, the next action, or its end. After an edit it first goes back to a gate
    that has not seen it, as `standing` says."""
    again = standing.first_to_ask(walk) if verdict in APPROVING else None
    moved = _go_back(walk, again, verdict) if again else _follow_route(walk, verdict)
    if moved:
        _walk_on(walk)


def _walk_on(walk: Walk) -> None:
    while (verdict := _arrive(walk)) is not None:
        if not _follow_route(walk, verdict):
            return


def _follow_route(walk: Walk, verdict: str) -> bool:
    """Whether the case came to another stage."""
    picked = pick(walk.stage.routes, verdict=verdict, facts=_facts(walk))
    if picked.to_stage is None or len(walk.visits) >= MOST_VISITS:
        _no_way_on(walk, verdict, picked.problems)
        return False
    walk.leave(outcome=verdict)
    walk.enter(walk.plan.stages[picked.to_stage], arrived_on=_arriving_verdict(walk, verdict))
    return True


def _go_back(walk: Walk, stage: StagePlan, verdict: str) -> bool:
    if len(walk.visits) >= MOST_VISITS:
        _no_way_on(walk, verdict, ())
        return False
    standing.lapse(walk)
    walk.leave(outcome=verdict)
    walk.enter(stage, arrived_on=verdict)
    return True


def _arrive(walk: Walk) -> str | None:
    """What the stage says at once; None when the case has to wait here, or is at its end."""
    return {
        Stage.Kind.GATE: _at_gate,
        Stage.Kind.ACTION: _at_action,
        Stage.Kind.END: _at_end,
    }[Stage.Kind(walk.stage.kind)](walk)


def _at_gate(walk: Walk) -> str | None:
    gate = walk.stage.gate
    assert gate is not None
    if (verdict := standing.said(walk, walk.stage)) is not None:
        walk.note("approval.kept", "system", stage=walk.stage.key, revision=walk.visit.revision)
        return verdict
    firings = [*fired(gate.triggers, _facts(walk)), *standing.lapsed(walk)]
    # A stop brakes the automatic lane: a case that a person has seen is not in it.
    if not firings and walk.case.lane is None:
        firings = _stopped(walk)
    walk.visit.firings = [firing.as_json() for firing in firings]
    if firings and grants.covers(walk):
        _pass(walk, event="gate.granted", by=Decision.By.GRANT)
        return "auto"
    if firings:
        walk.case.presentation = gate.presentation
        _settle_lane(walk, Case.Lane.HUMAN)
        walk.case.ask_human()
        seats.open_seats(walk, firings)
        return None
    _pass(walk, event="gate.passed")
    return "auto"


def _stopped(walk: Walk) -> list[Firing]:
    over = stops.stops_over(walk.case, workflow_id=walk.plan.workflow_id)
    # Half open: it passes, and is audited whatever the draw says.
    walk.is_watched = any(stop.half_opened_at for stop in over)
    return [
        Firing(
            trigger="stop",
            detail=f"Stopped: {stop.scope_in_words()}. {stop.reason}"[:400],
            numbers={},
            rule=f"stop:{stop.pk}",
            queue="",
            priority=0,
        )
        for stop in over
        if stop.half_opened_at is None
    ]


def _pass(walk: Walk, *, event: str, by: str = Decision.By.RULE) -> None:
    """The automatic lane writes a decision too, so that there always is one."""
    decision = Decision(
        case=walk.case,
        visit=walk.visit,
        by=by,
        verdict="approve",
        revision=walk.proposal.revision,
        digest=walk.proposal.digest,
    )
    walk.add(decision)
    walk.note(
        event,
        "system",
        stage=walk.stage.key,
        decision=decision.id.hex,
        revision=decision.revision,
        digest=decision.digest,
    )


def _at_action(walk: Walk) -> str | None:
    _decided(walk)
    problem = outbox.schedule(walk)
    if problem:
        walk.case.fail()
        seats.open_exception(walk, trigger="outcome_not_rendered", detail=problem)
        return None
    waiting = any(run.visit_id == walk.visit.id for run in walk.runs)
    return None if waiting else "done"


def _at_end(walk: Walk) -> None:
    _decided(walk)
    close(walk)


def _decided(walk: Walk) -> None:
    case = walk.case
    if case.state not in (Case.State.RECEIVED, Case.State.IN_REVIEW):
        return
    _settle_lane(walk, Case.Lane.AUTO)
    if not walk.decisions:
        _pass(walk, event="case.ungated")
    verdict = walk.last_decision.verdict
    edited = walk.proposal.author_id is not None
    case.decide(verdict="edit" if edited and verdict == "approve" else verdict)
    case.due_at = None
    walk.note(
        "case.decided",
        "system",
        verdict=case.verdict,
        lane=case.lane,
        revision=walk.proposal.revision,
        digest=walk.proposal.digest,
    )
    permits.issue(walk)
    outbox.announce(walk, "case.decided")
    if case.audit_selected:
        audits.open_audit(walk)


def _settle_lane(walk: Walk, lane: str) -> None:
    """Once, when a gate first fires or the walk reaches an action or the end unasked."""
    case = walk.case
    if case.lane is not None:
        return
    case.lane = lane
    is_auto = lane == Case.Lane.AUTO
    rate = 1.0 if walk.is_watched else walk.plan.audit_rate
    case.label_propensity = rate if is_auto else 1.0
    case.audit_selected = is_auto and draw("audit", case.id) < rate
    if case.audit_selected and walk.proposal.action and walk.plan.actions:
        # Whoever audits it answers the case first; without declared actions there is no form.
        case.presentation = Case.Presentation.BLIND
    walk.note(
        "case.routed",
        "system",
        lane=lane,
        propensity=case.label_propensity,
        audit_selected=case.audit_selected,
        presentation=case.presentation,
        stage=walk.stage.key,
        firings=[{"trigger": f["trigger"], "numbers": f["numbers"]} for f in walk.visit.firings],
    )


def _no_way_on(walk: Walk, verdict: str, problems: tuple[str, ...]) -> None:
    """No route matches: outside the rules, so a person says how it ends."""
    detail = (
        f"The case visited {MOST_VISITS} stages and would go on."
        if len(walk.visits) >= MOST_VISITS
        else f"After “{verdict}” at {walk.stage.title} no route matches."
    )
    _settle_lane(walk, Case.Lane.HUMAN)
    if walk.case.state in (Case.State.DECIDED, Case.State.FAILED):
        # The action has run; only the way to an end is missing, and that is an end.
        close(walk)
        return
    if verdict == "reject" and walk.was_exception():
        # Somebody was asked how it ends and said no: nothing runs, so no way is needed.
        _at_end(walk)
        return
    walk.case.ask_human()
    seats.open_exception(walk, trigger="no_route", detail=" ".join([detail, *problems]))


def _arriving_verdict(walk: Walk, verdict: str) -> str:
    """Outcome rules ask how the case was decided, also when a later gate let it pass."""
    if verdict != "auto":
        return verdict
    said = [visit.outcome for visit in walk.visits if visit.outcome in ANSWERS]
    return said[-1] if said else verdict


def _facts(walk: Walk) -> Facts:
    return facts_of(walk.case, walk.proposal, walk.plan)
