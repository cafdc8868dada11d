"""What must hold of every case at every moment, asked of the database alone.

Each promise says in words what is wrong; nothing here calls the rules it checks.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from reviews import wire
from reviews.chains import stored_chains
from reviews.models import Case, Decision, OutcomeRun, Review, Visit
from reviews.verification import faults
from workflows.models import Gate, Stop

OPEN = ("OPEN", "CLAIMED")
ON_ITS_WAY = ("PENDING", "RUNNING", "RETRY_WAIT")
FINAL = ("COMPLETED", "EXPIRED", "CANCELLED")
UNDECIDED = ("IN_REVIEW", "WAITING_FOR_AGENT", "CANCELLED")
STATUS = {
    "IN_REVIEW": "pending",
    "DECIDED": "decided",
    "COMPLETED": "decided",
    "FAILED": "decided",
    "EXPIRED": "expired",
    "WAITING_FOR_AGENT": "needs_info",
    "CANCELLED": "cancelled",
    "REVERSED": "decided",
}
YES = ("approve", "edit")


@dataclass
class Seen:
    """What was true before, of what may never change afterwards."""

    lanes: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)
    closed: dict = field(default_factory=dict)
    decisions: dict = field(default_factory=dict)
    finished: dict = field(default_factory=dict)


def broken_promises(seen: Seen) -> list[str]:
    cases = list(wire.readable(Case.objects.all().order_by("id")))
    reviews = list(Review.objects.select_related("queue"))
    found = []
    for case, on_wire in zip(cases, wire.load(cases), strict=True):
        here = [review for review in reviews if review.case_id == case.id]
        runs = [run for run in case.outcome_runs.all() if run.rule_id is not None]
        said = [*_held(case, here, runs), *_told(case, on_wire), *_routed(case, seen)]
        said += [*_allowed(case, runs)]
        found += [f"{case.state} case {case.id.hex[-6:]}: {words}" for words in said]
    found += [*_closed(reviews, seen), *_decided(seen), *_seats(reviews), *_gates()]
    found += [*_finished(seen)]
    return found + [str(fault) for chain in stored_chains() for fault in faults(chain)]


def _held(case: Case, reviews: list[Review], runs: list[OutcomeRun]) -> Iterator[str]:
    """In a queue, held by a timer, with its agent, on its way out of the house, or final: never
    nowhere."""
    waiting = [review for review in reviews if review.state in OPEN]
    kinds = {review.kind for review in waiting}
    moving = any(run.state in ON_ITS_WAY for run in runs)
    if case.state == "IN_REVIEW" and bool(waiting) == bool(case.undo_until):
        yield "nobody is asked, or somebody is asked what is decided"
    elif case.state == "WAITING_FOR_AGENT" and (waiting or case.question is None):
        yield "it waits for its agent, who is asked nothing, or somebody else is asked"
    elif case.state == "REVERSED" and is_unfinished(case) != (bool(waiting) or moving):
        yield "it is reversed, and nobody takes the rest back or something is left open"
    elif case.state == "FAILED" and kinds != {"EXCEPTION"}:
        yield f"it failed, and who is asked is {kinds or 'nobody'}"
    elif case.state == "DECIDED" and not any(run.state in ON_ITS_WAY for run in runs):
        yield "it waits for an outcome that nobody runs"
    elif case.state in FINAL and (waiting or any(run.state in ON_ITS_WAY for run in runs)):
        yield "it is over, and something is still open"
    elif case.state not in STATUS:
        yield "no case rests in this state"
    open_visits = [visit for visit in case.visits.all() if visit.left_at is None]
    is_open = is_unfinished(case) if case.state == "REVERSED" else case.state not in FINAL
    if len(open_visits) != is_open:
        yield f"it stays at {len(open_visits)} stages at once"


def is_unfinished(case: Case) -> bool:
    """A reversal is over when the visit that it opened is left."""
    return any(visit.left_at is None for visit in case.visits.all())


def _told(case: Case, on_wire: dict) -> Iterator[str]:
    if on_wire["status"] != STATUS[case.state]:
        yield f"the agent is told {on_wire['status']}"
    json.dumps(on_wire)
    decision = on_wire["decision"]
    if (decision is None) != (case.state in UNDECIDED):
        yield f"the agent is told the decision {decision}"
    if decision and decision["type"] not in ("approve", "edit", "reject", "respond"):
        yield f"the agent is told to {decision['type']}"
    if decision and case.lane == "AUTO" and decision["by"] != "rule":
        yield f"nobody was asked, and the agent is told that a {decision['by']} decided"


def _routed(case: Case, seen: Seen) -> Iterator[str]:
    """The lane is set once, with its propensity; what the agent sees only goes forward."""
    if case.lane != seen.lanes.setdefault(case.id, case.lane):
        yield f"its lane went from {seen.lanes[case.id]} to {case.lane}"
    if case.lane not in ("AUTO", "HUMAN") or case.label_propensity is None:
        yield f"it is in the lane {case.lane} with the propensity {case.label_propensity}"
    if case.version < seen.versions.get(case.id, 0):
        yield "its version fell"
    seen.versions[case.id] = case.version


def _allowed(case: Case, runs: list[OutcomeRun]) -> Iterator[str]:
    """Nothing runs that was not decided, and what runs is what was approved last."""
    newest = max(case.proposals.all(), key=lambda proposal: proposal.revision)
    counting = {row.id: row for row in case.decisions.all() if row.standing == "COUNTS"}
    if runs and case.verdict not in YES:
        yield f"it was decided {case.verdict or 'not at all'}, and an outcome exists"
    undone = {row.supersedes_id for row in case.decisions.all() if row.standing == "UNDONE"}
    if runs and case.undo_until:
        yield "it can still be undone, and an outcome exists"
    for run in runs:
        decision = counting.get(run.decision_id)
        if run.compensates_id:
            if decision is None or decision.verdict != "reverse" or case.state != "REVERSED":
                yield f"something is taken back, resting on {decision}"
            continue
        if run.decision_id in undone:
            yield "an outcome rests on what was undone"
        if decision is None or decision.verdict not in YES:
            yield f"an outcome rests on {decision or 'no counting decision'}"
        elif (decision.revision, decision.digest) != (newest.revision, newest.digest):
            yield f"revision {decision.revision} runs, {newest.revision} stands"
        elif json.loads(bytes(run.body))["amount"] != newest.action["args"]["amount"]:
            yield "what is sent is not what was approved"


def _closed(reviews: list[Review], seen: Seen) -> Iterator[str]:
    for review in reviews:
        before = seen.closed.get(review.id)
        if before and before != review.state and (before, review.state) != ("DECIDED", "UNDONE"):
            yield f"a closed review went from {before} to {review.state}"
        if review.state not in OPEN:
            seen.closed[review.id] = review.state


def _decided(seen: Seen) -> Iterator[str]:
    """Decisions stay as they were made; at most one counts of each review."""
    rows = list(Decision.objects.select_related("case__agent", "visit__stage__gate"))
    now = {row.id: (row.verdict, row.standing, row.revision, row.reviewer_id) for row in rows}
    for key, before in seen.decisions.items():
        if now.get(key) != before:
            yield f"a decision went from {before} to {now.get(key)}"
    seen.decisions = now
    superseded = {row.supersedes_id for row in rows}
    counting = [row for row in rows if row.standing == "COUNTS" and row.id not in superseded]
    of_reviews = [row.review_id for row in counting if row.review_id]
    if len(of_reviews) != len(set(of_reviews)):
        yield "two decisions of one review count"
    for row in rows:
        at_gate = row.visit.stage.kind == "GATE" and row.standing != "LATE"
        if at_gate and row.reviewer_id == row.case.agent.owner_id:
            yield "the agent's owner decided at a gate"
        if row.by == "timeout" and row.verdict == "approve" and not _waited(row):
            yield "silence approved before the gate's own limit"
        if row.by == "reviewer" and row.verdict in YES and row.visit.left_at is not None:
            newest = row.case.proposals.last().revision
            is_over = row.case.state not in ("IN_REVIEW", "EXPIRED")
            if is_over and row.case.verdict in YES and row in counting and row.revision != newest:
                yield f"an approval of revision {row.revision} counts, and {newest} was decided"
    for row in counting:
        if row.visit.stage.key == "second" and any(
            other.reviewer_id == row.reviewer_id
            for other in rows
            if other.case_id == row.case_id and other.visit.stage.key == "approval"
            if row.reviewer_id and other.standing != "LATE"
        ):
            yield "one person decided at both gates"


def _waited(decision: Decision) -> bool:
    minutes = decision.visit.stage.gate.time_limit_minutes
    limit = timedelta(minutes=minutes or 0)
    return bool(minutes) and decision.created_at - decision.visit.entered_at >= limit


def _seats(reviews: list[Review]) -> Iterator[str]:
    held = [
        (review.visit_id, review.revision, review.claimed_by_id)
        for review in reviews
        if review.kind == "SEAT" and review.state in ("CLAIMED", "DECIDED")
    ]
    if len(held) != len(set(held)):
        yield "one person holds two seats of a visit"


def _gates() -> Iterator[str]:
    """A gate that a person opened was opened by as many different people as it asks for."""
    opened = Visit.objects.filter(stage__kind="GATE", outcome__in=YES)
    for visit in opened.select_related("stage__gate").order_by("number"):
        rows = _answers(visit)
        if any(row.by == "timeout" for row in rows):
            continue
        last = max((row.revision for row in rows), default=0)
        people = {
            row.reviewer_id
            for row in rows
            if row.by == "reviewer" and row.revision == last and row.verdict in YES
        }
        if len(people) < _asked(visit.stage.gate):
            yield f"{len(people)} people opened a gate that asks for {_asked(visit.stage.gate)}"


def _answers(visit: Visit) -> list[Decision]:
    """Those given on a visit; where nobody was asked again, those on the one before it."""
    rows = [row for row in visit.decisions.all() if row.standing == "COUNTS"]
    if rows or visit.revision == 1:
        return rows
    earlier = Visit.objects.filter(case=visit.case_id, stage=visit.stage_id)
    before = earlier.filter(number__lt=visit.number).order_by("-number").first()
    if before is None or before.outcome not in YES:
        return []
    return [row for row in _answers(before) if row.revision == visit.revision]


def _asked(gate: Gate) -> int:
    if gate.quorum == "N":
        return gate.needed
    return {"ANY": 1, "MAJORITY": gate.seats // 2 + 1, "UNANIMOUS": gate.seats}[gate.quorum]


def _finished(seen: Seen) -> Iterator[str]:
    for run in OutcomeRun.objects.all():
        before = seen.finished.get(run.id, run.state)
        if before != run.state and (before, run.state) != ("SUCCEEDED", "COMPENSATED"):
            yield f"an outcome that was {before} is {run.state}"
        if run.state in ("SUCCEEDED", "CANCELLED", "COMPENSATED"):
            seen.finished[run.id] = run.state


def is_stopped(run: OutcomeRun) -> bool:
    """Whether a hand-pulled stop covers it, worked out without the query of the outbox."""
    case = run.case
    return any(
        stop.cause == "HAND"
        and stop.agent_id in (None, case.agent_id)
        and stop.workflow_id in (None, case.release.workflow_id)
        and stop.agent_version in ("", case.agent_version)
        and stop.category in ("", case.category)
        for stop in Stop.objects.filter(closed_at=None)
    )
