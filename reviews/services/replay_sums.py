"""What a replay adds up: then and now, and what the draft would have let through."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from reviews.services.past import PastCase, PastVisit
from workflows.compiler import Plan, StagePlan
from workflows.facts import Facts
from workflows.replaying import EXCEPTION, Asked, first_asked, queue_of
from workflows.routing import pick
from workflows.triggers import Firing, Kind, fired

MOST_NAMED = 200
# Asked for another reason than a rule of the release.
NOT_BY_RULE = frozenset({"stop", "approval_lapsed"})
HUMAN = frozenset({"approve", "edit", "reject", "respond"})


class _Told:
    """What the plan makes of one case, worked out once."""

    def __init__(self, plan: Plan, case: PastCase, is_sampled: bool) -> None:
        self.plan, self.case, self.is_sampled = plan, case, is_sampled
        self._facts: dict[int, Facts] = {}
        self._fired: dict[tuple[str, int], list[Firing]] = {}

    def facts(self, revision: int) -> Facts:
        if revision not in self._facts:
            made = self.case.facts(self.plan, revision, is_sampled=self.is_sampled)
            self._facts[revision] = made
        return self._facts[revision]

    def fired(self, stage: StagePlan, revision: int) -> list[Firing]:
        assert stage.gate is not None
        key = stage.key, revision
        if key not in self._fired:
            self._fired[key] = fired(stage.gate.triggers, self.facts(revision))
        return self._fired[key]


@dataclass(slots=True)
class Sums:
    plan: Plan
    exception_queue: int
    is_sampled: bool
    cases: int = 0
    refused: int = 0
    then: Counter = field(default_factory=Counter)
    now: Counter = field(default_factory=Counter)
    per_day: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    decided_a_day: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0]))
    kept_seconds: float = 0.0
    # Asked now and nobody was asked, or not measured: their time is the queue's usual one.
    unmeasured: Counter = field(default_factory=Counter)
    let_through: list[dict[str, str]] = field(default_factory=list)
    let_through_count: int = 0
    decisions: int = 0
    same: int = 0
    others: list[dict[str, str]] = field(default_factory=list)

    def add(self, case: PastCase) -> None:
        self.cases += 1
        if self.plan.schema.problems(case.data):
            self.refused += 1
        told = _Told(self.plan, case, self.is_sampled)
        before = self._then(case)
        asked = first_asked(self.plan, told.facts(1), fired_at=lambda stage: told.fired(stage, 1))
        now = self._name(asked.queue)
        self.then[before] += 1
        self.now[now] += 1
        self._hours(case, before, now)
        if now:
            self.per_day[now][str(case.day)] += 1
        elif _was_corrected(case):
            self._let_through(case, asked)
        self._compare(case, told)

    def _name(self, queue: str | int | None) -> str:
        """The key of a queue; empty for the automatic lane."""
        if queue is None:
            return ""
        return str(self.exception_queue) if queue == EXCEPTION else str(queue)

    def _then(self, case: PastCase) -> str:
        for visit in case.visits:
            if visit.queue is not None:
                return str(visit.queue)
        return ""

    def _hours(self, case: PastCase, before: str, now: str) -> None:
        spent = case.active_seconds
        if before and case.verdict:
            self.decided_a_day[before][str(case.day)] += 1
        if before and spent is not None:
            self.seconds[before][0] += spent
            self.seconds[before][1] += 1
        if not now:
            return
        if before and spent is not None:
            self.kept_seconds += spent
        else:
            self.unmeasured[now] += 1

    def _let_through(self, case: PastCase, asked: Asked) -> None:
        self.let_through_count += 1
        if len(self.let_through) < MOST_NAMED:
            self.let_through.append(
                {"case": f"case_{case.id.hex}", "verdict": case.verdict, "stage": asked.stage}
            )

    def _compare(self, case: PastCase, told: "_Told") -> None:
        """Every routing decision of a rule that is on record, against what the plan says."""
        seen: set[str] = set()
        for visit, following in zip(case.visits, [*case.visits[1:], None], strict=True):
            # Gone back to after an edit: who approved what decided there, and not a rule.
            is_again = visit.stage in seen and visit.revision > 1
            seen.add(visit.stage)
            if visit.kind != "GATE" or is_again:
                continue
            if not NOT_BY_RULE.isdisjoint(visit.fired):
                continue
            self.decisions += 1
            difference = self._difference(told, visit, following, seen)
            self.same += not difference
            if difference and len(self.others) < MOST_NAMED:
                self.others.append({"case": f"case_{case.id.hex}", "words": difference})

    def _difference(
        self, told: "_Told", visit: PastVisit, following: PastVisit | None, seen: set[str]
    ) -> str:
        stage = self.plan.stages.get(visit.stage)
        if stage is None or stage.gate is None:
            return f"{visit.stage}: there is no such gate"
        # What was edited at this very stay: its triggers had looked at the revision before.
        arrived = self._arrived(told.case, visit)
        firings = told.fired(stage, arrived)
        if [one.trigger for one in firings] != visit.fired:
            return f"{visit.stage}: {', '.join(visit.fired) or 'nobody asked'} then"
        if firings and visit.queue is not None and not visit.is_elsewhere:
            queue = self._name(queue_of(stage.gate, firings, told.facts(arrived)))
            if queue != str(visit.queue):
                return f"{visit.stage}: another queue"
        if following is None or visit.outcome not in {*HUMAN, "auto"} or following.stage in seen:
            return ""
        picked = pick(stage.routes, verdict=visit.outcome, facts=told.facts(visit.revision))
        return "" if picked.to_stage == following.stage else f"{visit.stage}: another way on"

    def _arrived(self, case: PastCase, visit: PastVisit) -> int:
        """The revision with which the case came there: that of the stay before."""
        position = next(i for i, one in enumerate(case.visits) if one is visit)
        return case.visits[position - 1].revision if position else 1

    def result(self) -> dict[str, Any]:
        measured = sum(count for _sum, count in self.seconds.values())
        spent = sum(total for total, _count in self.seconds.values())
        usual = spent / measured if measured else 0.0
        added = sum(
            count * (self.seconds[queue][0] / self.seconds[queue][1])
            if self.seconds[queue][1]
            else count * usual
            for queue, count in self.unmeasured.items()
        )
        return {
            "cases": self.cases,
            "refused": self.refused,
            "then": dict(self.then),
            "now": dict(self.now),
            "hours_then": round(spent / 3600, 2),
            "hours_now": round((self.kept_seconds + added) / 3600, 2),
            "at_risk": self._at_risk(),
            "let_through": self.let_through,
            "let_through_count": self.let_through_count,
            "decisions": self.decisions,
            "same": self.same,
            "others": self.others,
        }

    def _at_risk(self) -> dict[str, dict[str, int]]:
        """Queues that would get more on their busiest day than were ever decided on one."""
        found = {}
        for queue, days in self.per_day.items():
            most = max(self.decided_a_day[queue].values(), default=0)
            if max(days.values()) > most and self.now[queue] > self.then[queue]:
                found[queue] = {"busiest": max(days.values()), "most": most}
        return found


def _was_corrected(case: PastCase) -> bool:
    """A person made something else of it."""
    return case.lane == "HUMAN" and (bool(case.wrong) or case.verdict in ("edit", "reject"))


def samples(plan: Plan) -> bool:
    gates = (stage.gate for stage in plan.stages.values() if stage.gate)
    return any(trigger.kind is Kind.SAMPLE for gate in gates for trigger in gate.triggers)
