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
from reviews.insertion import insert_many, insert_together
from reviews.models import Case, Decision, OutcomeRun, Permit, Proposal, Review, Visit
from reviews.models.decision import deciding
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
    # Issued on this walk, if any.
    permit: Permit | None = None

    @classmethod
    def of(cls, case_id: UUID, *, is_seen: bool = True) -> Self:
        """Locks the case and reads what the walk needs. Call inside a transaction. What the agent
        cannot see (`is_seen`) leaves the version, the ETag of the case, as it is."""
        # no_key: a claim, which takes no case lock, looks at the case when it commits, because
        # its audit entry refers to it. It must not wait for who waits for its review.
        case = (
            Case.objects.select_for_update(of=("self",), no_key=True)
            .select_related("agent", "release__workflow")
            .get(pk=case_id)
        )
        # What goes out on the way tells the version that will be seen afterwards.
        case.version += is_seen
        return cls.reading(case)

    @classmethod
    def reading(cls, case: Case) -> Self:
        """The same without the lock: to look at, never to walk or save."""
        return cls(
            case=case,
            plan=plan_of(case.release_id),
            proposals=list(case.proposals.all()),
            visits=list(case.visits.all()),
            decisions=list(case.decisions.select_related("reviewer")),
            runs=list(case.outcome_runs.select_related("endpoint")),
        )

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
            insert_together([*self._rows(), *also])
        else:
            self._update()
            insert_together([*self.new, *also])
            audit.record(self.case.chain, *self.events, case=self.case)
        self._forget()

    def _rows(self) -> list[models.Model]:
        """All that a new case is made of, with the links of its chain."""
        made = audit.links(audit.new_head(self.case.chain), self.events, case=self.case)
        return [self.case, *self.new, made.head, *made.entries, *made.subject_data]

    def _forget(self) -> None:
        self.new, self.events, self.is_new = [], [], False

    def _update(self) -> None:
        self.case.save()
        # Only the visit that was open can have changed; those before it were left long ago.
        stored = [visit for visit in self.visits if visit not in self.new]
        stored[-1].save()


def save_new(walks: Sequence[Walk], *also: models.Model) -> None:
    """Many cases that were opened just now, in one statement however many they are."""
    insert_many([*(row for walk in walks for row in walk._rows()), *also])
    for walk in walks:
        walk._forget()


def earliest(*times: datetime | None) -> datetime | None:
    given = [time for time in times if time is not None]
    return min(given) if given else None
