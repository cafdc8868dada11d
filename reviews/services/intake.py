"""open_case: an agent's proposal becomes a case that is already where it has to be."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from reviews import audit
from reviews.digests import digest_of
from reviews.models import Case, Proposal
from reviews.services import outbox, progress
from reviews.services.walk import Walk
from workflows.compiler import ActionPlan, Plan
from workflows.decimals import decimal_of
from workflows.models import Agent
from workflows.pointers import ABSENT, read
from workflows.schemas import Problem, SchemaError, compile_schema

LONGEST = {"subject": 200, "currency": 3, "category": 80}
TOO_LARGE = 10**15


class Invalid(ValueError):
    """The case does not fit its release; `problems` point at every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.pointer}: {p.detail}" for p in problems[:3]))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class NewCase:
    """What an agent says, checked for shape and not yet against a release."""

    external_id: str = ""
    summary: str = ""
    action: dict[str, Any] | None = None
    args_schema: dict[str, Any] | None = None
    agent_version: str = ""
    subject: str = ""
    value: Decimal | None = None
    currency: str = ""
    category: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    ai_output: dict[str, Any] = field(default_factory=dict)
    confidence: float | None = None
    risk_score: float | None = None
    risk_categories: list[str] = field(default_factory=list)
    cannot_proceed: bool = False
    cannot_proceed_reason: str = ""
    allowed_decisions: list[str] = field(default_factory=list)
    response_schema: dict[str, Any] | None = None
    expires_at: datetime | None = None
    callback_url: str = ""
    callback_format: str = ""
    correlation: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


def open_case(new: NewCase, *, agent: Agent, plan: Plan) -> Walk:
    """The case, walked as far as it gets without a person or an outcome; the caller saves the
    walk, with rows of its own if it has any, in the same transaction. Raises Invalid."""
    proposal_document = {"data": new.data, "ai_output": new.ai_output}
    if new.action is not None:
        proposal_document["action"] = new.action
    problems = _problems(new, plan)
    drawn = _drawn(new, plan, proposal_document, problems)
    if problems:
        raise Invalid(problems)
    case = _case(new, drawn, agent=agent, plan=plan)
    proposal = Proposal(
        case=case,
        revision=1,
        action=new.action,
        ai_output=new.ai_output,
        digest=digest_of(new.action, data=new.data, ai_output=new.ai_output),
    )
    walk = Walk(case=case, plan=plan, proposals=[], is_new=True)
    walk.add(proposal)
    _on_record(walk, proposal_document)
    if agent.listens:
        outbox.announce(walk, "case.created")
    progress.begin(walk)
    return walk


def drawn_again(
    case: Case, plan: Plan, *, action: dict[str, Any] | None, ai_output: dict[str, Any]
) -> dict[str, Any]:
    """What a revised proposal makes of the fields that the release reads from it. Raises
    Invalid."""
    new = NewCase(action=action, ai_output=ai_output, data=case.data)
    problems = _action_problems(new, plan) if action is not None else []
    document = {"data": case.data, "ai_output": ai_output}
    if action is not None:
        document["action"] = action
    drawn = _drawn(new, plan, document, problems)
    if problems:
        raise Invalid(problems)
    return {name: value for name, value in drawn.items() if getattr(plan, f"{name}_pointer")}


def _problems(new: NewCase, plan: Plan) -> list[Problem]:
    problems = plan.schema.problems(new.data)
    if new.action is not None:
        problems += _action_problems(new, plan)
    if new.expires_at and new.expires_at <= timezone.now():
        problems.append(Problem("/expires_at", "lies in the past"))
    if new.response_schema is not None:
        problems += _schema_problems(new.response_schema, at="/response_schema")
    return problems


def _action_problems(new: NewCase, plan: Plan) -> list[Problem]:
    assert new.action is not None
    known: ActionPlan | None = plan.actions.get(new.action["name"])
    if known is not None:
        return known.schema.problems(new.action["args"])
    if plan.actions:
        names = ", ".join(sorted(plan.actions))
        return [Problem("/action/name", f"is no action of this workflow; it knows {names}")]
    if new.args_schema:
        return _schema_problems(new.args_schema, at="/action/args_schema")
    return []


def _schema_problems(schema: dict[str, Any], *, at: str) -> list[Problem]:
    try:
        compile_schema(schema)
    except SchemaError as error:
        return [Problem(at, str(error))]
    return []


def _drawn(
    new: NewCase, plan: Plan, document: dict[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    """Subject, value, currency and category. Where the release says where to read one, what is
    read there counts, and an agent that says something else is told so: otherwise a small
    `value` could wave a large refund through."""
    found: dict[str, Any] = {}
    for name in ("subject", "currency", "category", "value"):
        pointer = getattr(plan, f"{name}_pointer")
        said = getattr(new, name)
        there = read(document, pointer) if pointer else ABSENT
        if there is ABSENT:
            found[name] = None if pointer and name == "value" else said
            continue
        found[name] = decimal_of(there) if name == "value" else _text(there)
        if name == "value":
            if found[name] is not None and abs(found[name]) >= TOO_LARGE:
                problems.append(Problem(pointer, "has more than 15 digits before the point"))
        elif len(found[name]) > LONGEST[name]:
            problems.append(Problem(pointer, f"is longer than {LONGEST[name]} characters"))
        if said not in (None, "") and said != found[name]:
            problems.append(Problem(f"/{name}", f"differs from what stands at {pointer}"))
    return found


def _text(there: object) -> str:
    """Null, a list or an object is no category: it reads as missing, and so reaches a human."""
    is_plain = isinstance(there, str | int) and not isinstance(there, bool)
    return str(there) if is_plain else ""


def _case(new: NewCase, drawn: dict[str, Any], *, agent: Agent, plan: Plan) -> Case:
    case = Case(
        release_id=plan.release_id,
        agent=agent,
        agent_version=new.agent_version,
        external_id=new.external_id,
        summary=new.summary,
        data=new.data,
        confidence=new.confidence,
        risk_score=new.risk_score,
        risk_categories=new.risk_categories,
        cannot_proceed=new.cannot_proceed,
        cannot_proceed_reason=new.cannot_proceed_reason,
        allowed_decisions=new.allowed_decisions,
        response_schema=new.response_schema,
        correlation=new.correlation,
        metadata=new.metadata,
        expires_at=new.expires_at,
        due_at=new.expires_at,
        callback_format=new.callback_format,
        **drawn,
    )
    case.callback_url = new.callback_url
    return case


def _on_record(walk: Walk, document: dict[str, Any]) -> None:
    case, proposal = walk.case, walk.proposal
    personal = {
        pointer: value
        for pointer in walk.plan.personal_pointers
        if (value := read(document, pointer)) is not ABSENT
    }
    if case.summary:
        personal["/summary"] = case.summary
    walk.note(
        "case.received",
        audit.by_agent(case.agent_id),
        personal=personal,
        case=case.public_id,
        release=walk.plan.release_id,
        agent_version=case.agent_version,
        external_id=case.external_id,
        confidence=case.confidence,
        risk=case.risk_score,
        value=None if case.value is None else f"{case.value:f}",
        currency=case.currency,
        category=case.category,
        presentation=case.presentation,
        revision=proposal.revision,
        digest=proposal.digest,
    )
