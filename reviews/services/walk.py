"""A case in hand: the rows it has, the rows it is getting, and what will be on record.

A service locks a case, takes it in hand, lets it walk, and saves once. Whatever the walk
decided is in memory until then, so that a whole intake costs a few statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.utils import timezone

from reviews import audit, wire
from reviews.models import (
    AuditHead,
    Case,
    Decision,
    Grant,
    OutcomeRun,
    Permit,
    Proposal,
    Review,
    Visit,
)
from reviews.models.decision import deciding
from reviews.reading import Question, read_together
from reviews.writing import insert_many, write_together
from workflows.compiler import Plan, StagePlan, plan_of


@dataclass(slots=True)
class Walk:
    case: Case
    plan: Plan
    proposals: list[Proposal]
    visits: list[Visit] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    runs: list[OutcomeRun] = field(default_factory=list)
    events: list[audit.Event] = field(default_factory=list)
    new: list[models.Model] = field(default_factory=list)
    is_new: bool = False
    # A half-open breaker covers it: what passes is audited.
    is_watched: bool = False
    # Issued on this walk, if any.
    permit: Permit | None = None
    # What approves a new case without asking anybody again, if anything does.
    grant: Grant | None = None

    @classmethod
    def of(cls, case_id: UUID, *, is_seen: bool = True, run_id: UUID | None = None) -> Self:
        """Locks the case, and one of its runs where it is named, and reads what the walk needs,
        in one round trip. Call inside a transaction. What the agent cannot see (`is_seen`)
        leaves the version, the ETag of the case, as it is."""
        # No key: a claim, which takes no case lock, looks at the case when it commits, because
        # its audit entry refers to it. It must not wait for who waits for its review.
        case = Question(Case, "id", case_id, lock="FOR NO KEY UPDATE", related=("agent",))
        questions = [case, *_belongings(case_id), *([_locking(run_id)] if run_id else [])]
        found, *rows = read_together(*questions)
        if not found:
            raise Case.DoesNotExist(case_id)
        # What goes out on the way tells the version that will be seen afterwards.
        found[0].version += is_seen
        walk = cls._holding(found[0], rows[:4])
        if run_id:
            walk._take(rows[4][0])
        return walk

    @classmethod
    def reading(cls, case: Case) -> Self:
        """The same without the lock: to look at, never to walk or save."""
        return cls._holding(case, read_together(*_belongings(case.pk)))

    @classmethod
    def _holding(cls, case: Case, rows: Sequence[list[Any]]) -> Self:
        proposals, visits, decisions, runs = rows
        return cls(case, plan_of(case.release_id), proposals, visits, decisions, runs)

    @property
    def proposal(self) -> Proposal:
        return self.proposals[-1]

    @property
    def visit(self) -> Visit:
        return self.visits[-1]

    @property
    def stage(self) -> StagePlan:
        return self.plan.stage_by_id(self.visit.stage_id)

    @property
    def last_decision(self) -> Decision:
        """What decided the case so far: a gate that let it pass afterwards decided nothing, nor
        did who said that a failed outcome is to be tried again."""
        return deciding(self.decisions)

    def was_exception(self) -> bool:
        """Whether the last answer came from somebody asked outside the rules."""
        review = self.last_decision.review if self.decisions else None
        return review is not None and review.kind == Review.Kind.EXCEPTION

    def note(
        self, name: str, actor: str, *, personal: dict[str, object] | None = None, **data: object
    ) -> None:
        """Puts an event on the case's record."""
        self.events.append(audit.Event(name, actor, data, personal or {}))

    def stay_unseen(self) -> None:
        """The agent sees nothing of what is done here: its version of the case stays."""
        self.case.version -= 1

    def enter(self, stage: StagePlan, *, arrived_on: str) -> Visit:
        visit = Visit(
            case=self.case,
            stage_id=stage.id,
            number=len(self.visits) + 1,
            revision=self.proposal.revision,
            arrived_on=arrived_on,
            entered_at=timezone.now(),
        )
        self.case.stage_id = stage.id
        self.visits.append(visit)
        self.new.append(visit)
        return visit

    def leave(self, *, outcome: str) -> None:
        self.visit.outcome = outcome
        self.visit.left_at = timezone.now()

    def add(self, row: models.Model) -> None:
        self.new.append(row)
        if isinstance(row, Decision):
            self.decisions.append(row)
        elif isinstance(row, OutcomeRun):
            self.runs.append(row)
        elif isinstance(row, Proposal):
            self.proposals.append(row)
        elif isinstance(row, Permit):
            self.permit = row

    def lock_run(self, run_id: UUID) -> OutcomeRun:
        """One of the runs as it stands now, which no worker and no sweep can move meanwhile."""
        [[run]] = read_together(_locking(run_id))
        self._take(run)
        return run

    def _take(self, run: OutcomeRun) -> None:
        self.runs = [run if run == each else each for each in self.runs]

    def on_wire(self) -> dict[str, Any]:
        return wire.case_on_wire(
            self.case,
            workflow=self.plan.workflow_slug,
            proposals=self.proposals,
            decisions=self.decisions,
            visits=self.visits,
            runs=self.runs,
        )

    def reviewer_seconds(self) -> float | None:
        spent = [row.active_seconds for row in self.decisions if row.active_seconds is not None]
        return sum(spent) if spent else None

    def save(self, *also: models.Model) -> None:
        """Writes everything at once, links the events, and forgets what was pending."""
        if self.is_new:
            write_together([*self._rows(audit.new_head(self.case.chain)), *also])
        elif self.events:
            head = audit.locked_head(self.case.chain)
            write_together([*self._rows(head), *also], [*self._stored(), head])
        else:
            write_together([*self.new, *also], self._stored())
        self._forget()

    def _rows(self, head: AuditHead) -> list[models.Model]:
        """All that is new, with the links of its chain."""
        links = audit.links(head, self.events, case=self.case).new
        return [self.case, *self.new, head, *links] if self.is_new else [*self.new, *links]

    def _stored(self) -> list[models.Model]:
        """What may have changed of the rows that were there before."""
        return [self.case, *(row for row in [*self.visits, *self.runs] if row not in self.new)]

    def _forget(self) -> None:
        self.new, self.events, self.is_new = [], [], False


def _locking(run_id: UUID) -> Question:
    lock = "FOR NO KEY UPDATE"
    return Question(OutcomeRun, "id", run_id, lock=lock, related=("endpoint", "rule"))


def _belongings(case_id: UUID) -> list[Question]:
    return [
        Question(Proposal, "case_id", case_id),
        Question(Visit, "case_id", case_id),
        Question(Decision, "case_id", case_id, related=("reviewer",)),
        Question(OutcomeRun, "case_id", case_id, related=("endpoint", "rule")),
    ]


def save_new(walks: Sequence[Walk], *also: models.Model) -> None:
    """Many cases that were opened just now, in one statement however many they are."""
    rows = [row for walk in walks for row in walk._rows(audit.new_head(walk.case.chain))]
    insert_many([*rows, *also])
    for walk in walks:
        walk._forget()


def earliest(*times: datetime | None) -> datetime | None:
    given = [time for time in times if time is not None]
    return min(given) if given else None
