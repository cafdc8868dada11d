"""What is known around the proposal, and what has happened to the case so far."""

from functools import cached_property
from typing import Any

from reviews.documents import Shown, shown
from reviews.history import Line, history, visible
from reviews.models import (
    Attachment,
    Case,
    Decision,
    Label,
    Message,
    Opinion,
    OutcomeRun,
    Receipt,
)
from reviews.models.decision import counting
from reviews.views.case_page.seat import Seat
from reviews.views.seats import Seats
from reviews.views.talk import Conversation
from workflows.models import Release

MOST_SIBLINGS = 6
RUNNING = {OutcomeRun.State.PENDING, OutcomeRun.State.RUNNING, OutcomeRun.State.RETRY_WAIT}


class Record(Seat):
    @cached_property
    def data(self) -> list[Shown]:
        return shown(self.case.data, self.walk.plan.input_schema, at="/data")

    @cached_property
    def siblings(self) -> list[Case]:
        if not self.case.subject:
            return []
        same = Case.objects.visible_to(self.user).filter(subject=self.case.subject)
        rows = same.exclude(pk=self.case.pk).select_related("release__workflow", "agent")
        return list(rows.defer("data", "metadata", "response_schema")[: MOST_SIBLINGS + 1])

    @cached_property
    def conversation(self) -> Conversation:
        said = [row for row in self._messages if not self._is_hushed(row)]
        return Conversation.of(self.case, said, self.files, hushed=len(self._messages) - len(said))

    @cached_property
    def files(self) -> list[Attachment]:
        """All that this person may see now; the door of the files themselves asks here too."""
        said = {row.id for row in self._messages if not self._is_hushed(row)}
        return [
            row
            for row in self.case.attachments.all()
            if (row.message_id in said if row.message_id else self._is_told(row))
        ]

    @property
    def files_of_data(self) -> list[Attachment]:
        return [row for row in self.files if row.belongs_to == Attachment.BelongsTo.DATA]

    @property
    def files_of_proposal(self) -> list[Attachment]:
        return [row for row in self.files if row.belongs_to == Attachment.BelongsTo.PROPOSAL]

    @cached_property
    def _messages(self) -> list[Message]:
        return list(self.case.messages.select_related("author"))

    def _is_told(self, row: Attachment) -> bool:
        """What the agent adds to its proposal appears when its words do."""
        is_data = row.belongs_to == Attachment.BelongsTo.DATA
        return is_data or not (self.is_withheld or self.is_blind)

    def _is_hushed(self, row: Message) -> bool:
        """Before they have answered, nobody hears what the agent or others make of the case."""
        if self.is_withheld:
            return row.author_id != self.user.pk
        return self.is_blind and row.kind == Message.Kind.REPLY

    @cached_property
    def opinions(self) -> list[Opinion]:
        """Nothing that others think reaches who has not answered, or answers blind."""
        if self.is_withheld or self.is_blind:
            return []
        return list(self.case.opinions.select_related("agent"))

    @cached_property
    def history(self) -> list[Line]:
        lines = history(self.case, self.walk.plan, self.entries)
        return visible(lines, withheld=self.is_withheld, sealed=self.is_sealed)

    @cached_property
    def seats(self) -> Seats:
        return Seats.of(self.walk, self.reviews, is_sealed=self.is_sealed or self.is_withheld)

    @cached_property
    def decisions(self) -> list[Decision]:
        """Those that count, newest first, with the label of their reason."""
        if self.is_withheld:
            return []
        rows = [row for row in counting(self.walk.decisions) if not self._is_hidden(row)]
        for row in rows:
            stage = self.walk.plan.stage_by_id(self._visit_stage[row.visit_id])
            row.stage_title = stage.title
            codes = stage.gate.reason_codes if stage.gate else {}
            row.reason_label = codes.get(row.reason_code, row.reason_code)
        return rows[::-1]

    def _is_hidden(self, row: Decision) -> bool:
        return self.is_sealed and row.visit_id == self.walk.visit.id

    @cached_property
    def _visit_stage(self) -> dict[Any, int]:
        return {visit.id: visit.stage_id for visit in self.walk.visits}

    @cached_property
    def runs(self) -> list[OutcomeRun]:
        """What leaves the house for this case; each with its rule's title."""
        titles = {
            rule.id: rule.title for s in self.walk.plan.stages.values() for rule in s.outcomes
        }
        for run in self.walk.runs:
            run.title = titles.get(run.rule_id, "")
        return [] if self.is_withheld else self.walk.runs

    @property
    def is_moving(self) -> bool:
        """Whether looking again in a moment may show something new."""
        return any(run.state in RUNNING for run in self.runs)

    @cached_property
    def labels(self) -> list[Label]:
        """What is known of the agent's work here, and from whom."""
        if self.case.wrong is None or self.is_withheld:
            return []
        return list(self.case.labels.select_related("reviewer"))

    @cached_property
    def receipts(self) -> list[Receipt]:
        """What the agent says it ran, where it is the one that runs."""
        return list(self.case.receipts.all()) if self._agent_runs else []

    @property
    def never_ran(self) -> bool:
        return self._agent_runs and not self.receipts and self._permit_ran_out

    @property
    def _permit_ran_out(self) -> bool:
        return self.case.permits.filter(checked_at__isnull=False).exists()

    @property
    def _agent_runs(self) -> bool:
        return self.walk.plan.executor == Release.Executor.AGENT
