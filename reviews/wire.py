"""A case as agents see it: one author for the API, the webhooks and the event stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from reviews import files
from reviews.models import Attachment, Case, Decision, OutcomeRun, Proposal, Visit
from reviews.models.decision import deciding, of_proposal
from reviews.reading import read_each
from workflows.compiler import plan_of

STATUS = {
    Case.State.RECEIVED: "pending",
    Case.State.IN_REVIEW: "pending",
    Case.State.WAITING_FOR_AGENT: "needs_info",
    Case.State.DECIDED: "decided",
    Case.State.COMPLETED: "decided",
    Case.State.FAILED: "decided",
    Case.State.REVERSED: "decided",
    Case.State.CANCELLED: "cancelled",
    Case.State.EXPIRED: "expired",
}
RUN_STATUS = {
    OutcomeRun.State.PENDING: "pending",
    OutcomeRun.State.RUNNING: "running",
    OutcomeRun.State.RETRY_WAIT: "retrying",
    OutcomeRun.State.SUCCEEDED: "succeeded",
    OutcomeRun.State.FAILED: "failed",
    OutcomeRun.State.UNCERTAIN: "uncertain",
    OutcomeRun.State.STALE: "stale",
    OutcomeRun.State.CANCELLED: "cancelled",
    OutcomeRun.State.COMPENSATED: "compensated",
}


def case_on_wire(
    case: Case,
    *,
    workflow: str,
    proposals: Sequence[Proposal],
    decisions: Sequence[Decision],
    visits: Sequence[Visit],
    runs: Sequence[OutcomeRun],
) -> dict[str, Any]:
    """All rows oldest first. Times are RFC 3339 in UTC, money is a decimal string."""
    return {
        "id": case.public_id,
        "object": "case",
        "status": STATUS[Case.State(case.state)],
        "lane": case.lane.lower() if case.lane else None,
        "version": case.version,
        "workflow": workflow,
        "external_id": case.external_id,
        "summary": case.summary,
        "reasons": [
            {"trigger": firing["trigger"], "detail": firing["detail"]}
            for visit in visits
            for firing in visit.firings
        ],
        "action_digest": _stands(case, proposals).digest,
        "review_url": f"{settings.PUBLIC_URL}/cases/{case.public_id}",
        "info_request": _info_request(case),
        "decision": _decision(case, proposals, decisions) if case.decided_at else None,
        "reversed_at": timestamp(case.reversed_at),
        "outcomes": [
            {
                "kind": run.kind,
                "title": run.rule.title if run.rule else "",
                "status": RUN_STATUS[OutcomeRun.State(run.state)],
                "compensation": run.compensates_id is not None,
                "at": timestamp(run.finished_at or run.created_at),
            }
            for run in runs
            if run.rule_id is not None
        ],
        "correlation": case.correlation,
        "metadata": case.metadata,
        "created_at": timestamp(case.created_at),
        "expires_at": timestamp(case.due_at),
    }


@dataclass(frozen=True, slots=True)
class Around:
    """The rows that a case's body is written from, oldest first."""

    proposals: Sequence[Proposal]
    decisions: Sequence[Decision]
    visits: Sequence[Visit]
    runs: Sequence[OutcomeRun]

    def body(self, case: Case) -> dict[str, Any]:
        return case_on_wire(
            case,
            workflow=plan_of(case.release_id).workflow_slug,
            proposals=self.proposals,
            decisions=self.decisions,
            visits=self.visits,
            runs=self.runs,
        )


def around(cases: Sequence[Case]) -> list[Around]:
    """For each of these cases, in four queries however many they are."""
    ids = [case.pk for case in cases]
    proposals = read_each(Proposal, "case_id", ids)
    decisions = read_each(Decision, "case_id", ids, related=("reviewer",))
    visits = read_each(Visit, "case_id", ids)
    runs = read_each(OutcomeRun, "case_id", ids, related=("rule",))
    return [Around(proposals[id], decisions[id], visits[id], runs[id]) for id in ids]


def load(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """The bodies of rows of `readable()`."""
    return [rows.body(case) for case, rows in zip(cases, around(cases), strict=True)]


def readable(cases: Any) -> Any:
    """The queryset with what a body tells of the case itself, and without what none tells."""
    return cases.select_related("question__author").defer("data", "response_schema")


def attachment(row: Attachment) -> dict[str, Any]:
    """A file of the agent's own."""
    return {
        "object": "attachment",
        "id": row.public_id,
        "name": row.name,
        "type": files.MEDIA_TYPES[row.kind],
        "bytes": row.size,
        "digest": row.digest,
        "belongs_to": row.belongs_to.lower(),
        "at": timestamp(row.created_at),
        "erased_at": timestamp(row.erased_at),
    }


def timestamp(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _decision(
    case: Case, proposals: Sequence[Proposal], decisions: Sequence[Decision]
) -> dict[str, Any]:
    by_people = [row for row in of_proposal(decisions) if row.by == Decision.By.REVIEWER]
    last = deciding(decisions)
    decision: dict[str, Any] = {
        "type": case.verdict,
        "message": last.message,
        "reason_code": last.reason_code,
        "by": last.by,
        "decided_by": [
            {"id": f"u_{row.reviewer_id}", "name": name_of(row.reviewer), "role": "reviewer"}
            for row in by_people
        ],
        "decided_at": timestamp(case.decided_at),
    }
    if case.verdict in ("approve", "edit") and proposals[-1].action is not None:
        # An agent that was restarted knows its case's id and no longer what it proposed.
        decision["action"] = proposals[-1].action
    if case.verdict == "edit":
        decision["edited_action"] = proposals[-1].action
    if case.verdict == "respond":
        decision["response"] = last.response
    return decision


def _stands(case: Case, proposals: Sequence[Proposal]) -> Proposal:
    """While it is pending the agent's own newest proposal: what people make of it may still be
    undone."""
    own = [row for row in proposals if row.author_id is None]
    return proposals[-1] if case.decided_at else own[-1]


def _info_request(case: Case) -> dict[str, Any] | None:
    """What the agent is asked, while it is asked."""
    if case.question is None:
        return None
    author = case.question.author
    return {
        "message": case.question.text,
        "by": {"id": f"u_{author.pk}", "name": name_of(author), "role": "reviewer"},
        "at": timestamp(case.question.created_at),
    }


def name_of(person: Any) -> str:
    return person.get_full_name() or person.get_username() if person else ""
