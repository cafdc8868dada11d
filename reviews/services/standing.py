"""Which approvals stand. They bind to what was seen: an edit makes a new revision, and approvals
of another one lapse, at this gate and at those before it.

After an edit the case goes on only where every gate that it came through would let the new
revision pass. The first that would not is asked again: its people approved something else, or it
let pass by rule what its triggers would now stop. From there the case takes its way anew, by the
new facts. A gate whose people have said yes to exactly this revision is not asked twice, unless
somebody said no in between. Every round needs another edit by a person, and a case of too many
visits becomes an exception: it ends.
"""

from collections.abc import Iterable

from reviews.models import Decision, Visit
from reviews.models.decision import counting
from reviews.services import seats
from reviews.services.facts import facts_of
from reviews.services.verdicts import APPROVE, APPROVING, EDIT
from reviews.services.walk import Walk
from workflows.compiler import StagePlan
from workflows.ladder import Rung, still_to_climb
from workflows.quorum import Settled, tally
from workflows.triggers import Firing, fired

# How a gate was left by a case that goes on.
YES = (*APPROVING, "auto")


def settled(walk: Walk, stage: StagePlan, rows: Iterable[Decision]) -> Settled:
    """People are counted and not answers, since who was asked as an exception may hold a seat
    too. An answer to the agent lets nothing run: only approvals count as such."""
    gate = stage.gate
    assert gate is not None
    rows = list(rows)
    approvals = len({row.reviewer_id for row in rows if row.verdict in APPROVING})
    rejections = len({row.reviewer_id for row in rows if row.verdict not in APPROVING})
    if gate.ladder:
        is_up = bool(approvals) and not to_climb(walk, stage, rows)
        return "rejected" if rejections else "approved" if is_up else None
    return tally(
        quorum=gate.quorum,
        seats=gate.seats,
        needed=gate.needed,
        reject_vetoes=gate.reject_vetoes,
        approvals=approvals,
        rejections=rejections,
    )


def to_climb(walk: Walk, stage: StagePlan, rows: Iterable[Decision]) -> list[Rung]:
    """The rungs of the gate's ladder that nobody has approved yet, by the present facts."""
    gate = stage.gate
    if gate is None or not gate.ladder:
        return []
    said = [row.review.rung for row in rows if row.verdict in APPROVING and row.review]
    facts = facts_of(walk.case, walk.proposal, walk.plan)
    return still_to_climb(gate.ladder, facts, approved=said)


def verdict_of(rows: Iterable[Decision]) -> str:
    """Who approves after an edit approves the edit."""
    return EDIT if any(row.verdict == EDIT for row in rows) else APPROVE


def lapse(walk: Walk) -> None:
    """Yes to another revision, at a gate that the case has left, no longer counts."""
    for row in counting(walk.decisions):
        is_elsewhere = row.visit_id != walk.visit.id and row.by != Decision.By.RULE
        if is_elsewhere and row.verdict in APPROVING and row.revision != walk.proposal.revision:
            lapse_one(walk, row)


def lapse_one(walk: Walk, row: Decision) -> None:
    walk.add(
        Decision(
            case=walk.case,
            visit=row.visit,
            review=row.review,
            by=row.by,
            reviewer=row.reviewer,
            verdict=row.verdict,
            standing=Decision.Standing.LAPSED,
            supersedes=row,
            revision=row.revision,
            digest=row.digest,
        )
    )
    walk.note("decision.lapsed", "system", decision=row.id.hex, revision=row.revision)


def first_to_ask(walk: Walk) -> StagePlan | None:
    """The first gate before this one that would not let the present revision pass."""
    if walk.proposal.revision == 1:
        return None
    outcomes: dict[int, str] = {}
    for visit in _unopposed(walk):
        if visit.stage_id == walk.stage.id:
            break
        outcomes.setdefault(visit.stage_id, visit.outcome)
    # What counts is how the case left the gate the last time.
    outcomes |= {v.stage_id: v.outcome for v in _unopposed(walk) if v.stage_id in outcomes}
    before = ((walk.plan.stage_by_id(pk), outcome) for pk, outcome in outcomes.items())
    return next((stage for stage, outcome in before if not _lets_pass(walk, stage, outcome)), None)


def _lets_pass(walk: Walk, stage: StagePlan, outcome: str) -> bool:
    if stage.gate is None:
        return True
    if outcome != "auto":
        return said(walk, stage) is not None
    return not fired(stage.gate.triggers, facts_of(walk.case, walk.proposal, walk.plan))


def said(walk: Walk, stage: StagePlan) -> str | None:
    """How a gate was decided on exactly this revision, where that still stands."""
    gate = stage.gate
    assert gate is not None
    if walk.proposal.revision == 1:
        return None
    # What an undo brought back is what they had approved, under a new number.
    rows = [row for row in _approvals(walk, stage) if row.digest == walk.proposal.digest]
    if any(row.by == Decision.By.TIMEOUT for row in rows):
        return APPROVE
    excluded = seats.excluded_users(walk, stage)
    valid = [row for row in rows if row.reviewer_id not in excluded]
    return verdict_of(valid) if settled(walk, stage, valid) == "approved" else None


def lapsed(walk: Walk) -> list[Firing]:
    """Why people are asked again at the gate where the case stands: never passed by rule
    afterwards, whatever the new facts are."""
    old = [row.revision for row in _approvals(walk, walk.stage)]
    if not old:
        return []
    now = walk.proposal.revision
    return [
        Firing(
            trigger="approval_lapsed",
            detail=f"Revision {max(old)} was approved here; now there is revision {now}",
            numbers={"approved": str(max(old)), "revision": str(now)},
            rule="",
            queue="",
            priority=0,
        )
    ]


def _approvals(walk: Walk, stage: StagePlan) -> list[Decision]:
    """Also those that lapsed: the rows, not the ones that say so."""
    visits = {visit.id for visit in _unopposed(walk) if visit.stage_id == stage.id}
    return [
        row
        for row in walk.decisions
        if row.visit_id in visits
        and row.by != Decision.By.RULE
        and row.standing == Decision.Standing.COUNTS
        and row.verdict in APPROVING
    ]


def _unopposed(walk: Walk) -> list[Visit]:
    """The visits before this one, back to where somebody last said no."""
    found: list[Visit] = []
    for visit in reversed(walk.visits[:-1]):
        if visit.outcome not in YES:
            break
        found.append(visit)
    return found[::-1]
