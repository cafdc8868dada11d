"""A release as plain data: what a workflow file holds, and what the linter reads.

Values that are their default are left out, so that a file says what is special.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.db import models

from workflows.models import (
    Gate,
    LadderStep,
    Queue,
    Release,
    Route,
    SeparationRule,
    Stage,
    Trigger,
    Workflow,
)
from workflows.schema_order import in_order

Definition = dict[str, Any]

# The plain columns of each table, in the order in which a file holds them. Names are those of
# the columns except where a word reads better in a file.
WORKFLOW_KEYS: Final = ("name", "purpose")
RELEASE_KEYS: Final = (
    "notes",
    "executor",
    "audit_rate",
    "two_people",
    "subject_pointer",
    "value_pointer",
    "currency_pointer",
    "category_pointer",
    "cosmetic_pointers",
    "personal_pointers",
    "input_schema",
)
ACTION_KEYS: Final = ("name", "title", "reversibility", "args_schema")
QUEUE_KEYS: Final = (
    "name",
    "slug",
    "lease_minutes",
    "target_minutes",
    "warn_minutes",
    "escalate_when_due",
    "capacity",
    "position",
)
STAGE_KEYS: Final = ("key", "title", "kind")
GATE_KEYS: Final = (
    "pattern",
    "instruction",
    "quorum",
    "seats",
    "needed",
    "reject_vetoes",
    "verdicts",
    "reason_required_on",
    "presentation",
    "opinion_agents",
    "sealed_seats",
    "reauth_minutes",
    "bulk_risk_limit",
    "time_limit_minutes",
    "limit_in_business_time",
    "undo_seconds",
    "on_timeout",
)
TRIGGER_KEYS: Final = (
    "kind",
    "threshold",
    "currency",
    "categories",
    "pointers",
    "minimum",
    "maximum",
    "allowed",
    "rate",
    "expression",
    "words",
    "priority",
)
OUTCOME_KEYS: Final = (
    "title",
    "kind",
    "with_previous",
    "condition",
    "on_verdicts",
    "reversibility",
    "expected_status",
    "timeout_seconds",
    "retry_delays",
    "template",
    "precondition",
    "compensation",
)
# JSON columns forget the order of their keys; a template is written in this one, then by name.
_TEMPLATE_KEYS: Final = ("method", "url", "headers", "body", "expect")


def definition_of(release: Release) -> Definition:
    """The workflow and all content of one of its releases."""
    workflow = release.workflow
    stages = list(
        release.stages.select_related("gate__queue", "gate__fallback_queue").prefetch_related(
            "routes__to_stage",
            "outcome_rules",
            "gate__triggers__queue",
            "gate__reason_codes",
            "gate__separation_rules__stage",
            "gate__ladder__queue",
        )
    )
    queues = _queues(workflow, stages)
    return {
        "workflow": workflow.slug,
        **_plain(workflow, WORKFLOW_KEYS),
        "owner_team": workflow.owner_team.slug,
        "exception_queue": workflow.exception_queue.slug,
        "teams": _teams(workflow, queues),
        "queues": [_queue(queue) for queue in queues],
        "release": _plain(release, RELEASE_KEYS),
        "actions": [_plain(action, ACTION_KEYS) for action in release.action_types.all()],
        "stages": [_stage(stage) for stage in stages],
    }


def _plain(row: models.Model, keys: Iterable[str]) -> dict[str, Any]:
    return {
        key: _WRITTEN.get(key, _value)(getattr(row, key))
        for key in keys
        if _is_worth_saying(row, key)
    }


def _is_worth_saying(row: models.Model, key: str) -> bool:
    field, value = row._meta.get_field(key), getattr(row, key)
    has_own = field.has_default() or field.blank or field.null
    return not has_own or (value is not None and value != field.get_default())


def _value(value: object) -> object:
    """Numbers as a person writes them: 0.8 where the column says 0.800000."""
    if isinstance(value, Decimal):
        number = value.normalize()
        return int(number) if number == number.to_integral_value() else _exact(number)
    if isinstance(value, Mapping):
        return {key: _value(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_value(one) for one in value]
    return str(value) if isinstance(value, str) else value


def _template(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    first = [key for key in _TEMPLATE_KEYS if key in value]
    return {key: _value(value[key]) for key in (*first, *sorted(set(value) - set(first)))}


def _exact(number: Decimal) -> float | str:
    """A file's float when it says the same, else text: large amounts have more digits."""
    return float(number) if Decimal(repr(float(number))) == number else f"{number:f}"


_WRITTEN: Final[Mapping[str, Callable[[Any], object]]] = {
    "input_schema": in_order,
    "args_schema": in_order,
    "template": _template,
    "compensation": _template,
    "precondition": _template,
}


def _queues(workflow: Workflow, stages: list[Stage]) -> list[Queue]:
    """The queues that cases can open in, and those that they escalate to."""
    waiting: list[Queue | None] = [workflow.exception_queue]
    for gate in (stage.gate for stage in stages if hasattr(stage, "gate")):
        waiting += [gate.queue, gate.fallback_queue]
        waiting += [trigger.queue for trigger in gate.triggers.all()]
        waiting += [step.queue for step in gate.ladder.all()]
    found: dict[int, Queue] = {}
    while waiting:
        queue = waiting.pop()
        if queue is not None and queue.pk not in found:
            found[queue.pk] = queue
            waiting.append(queue.escalation_queue)
    return sorted(found.values(), key=lambda queue: (queue.position, queue.slug))


def _teams(workflow: Workflow, queues: list[Queue]) -> list[dict[str, str]]:
    teams = {workflow.owner_team}
    for queue in queues:
        teams |= set(queue.teams.all())
    return [{"slug": team.slug, "name": team.name} for team in sorted(teams, key=lambda t: t.slug)]


def _queue(queue: Queue) -> dict[str, Any]:
    found = _plain(queue, QUEUE_KEYS)
    found["teams"] = sorted(team.slug for team in queue.teams.all())
    if queue.escalation_queue:
        found["escalation_queue"] = queue.escalation_queue.slug
    return found


def _stage(stage: Stage) -> dict[str, Any]:
    found = _plain(stage, STAGE_KEYS)
    if hasattr(stage, "gate"):
        found["gate"] = _gate(stage.gate)
    outcomes = [_plain(rule, OUTCOME_KEYS) for rule in stage.outcome_rules.all()]
    routes = [_route(route) for route in stage.routes.all()]
    return found | {key: rows for key, rows in (("outcomes", outcomes), ("routes", routes)) if rows}


def _gate(gate: Gate) -> dict[str, Any]:
    found: dict[str, Any] = {"queue": gate.queue.slug}
    if gate.fallback_queue:
        found["fallback_queue"] = gate.fallback_queue.slug
    found |= _plain(gate, GATE_KEYS)
    several: Mapping[str, list[Any]] = {
        "ladder": [_step(step) for step in gate.ladder.all()],
        "triggers": [_trigger(trigger) for trigger in gate.triggers.all()],
        "reason_codes": [{"code": row.code, "label": row.label} for row in gate.reason_codes.all()],
        "separation": [_separation(rule) for rule in gate.separation_rules.order_by("pk")],
    }
    return found | {key: rows for key, rows in several.items() if rows}


def _trigger(trigger: Trigger) -> dict[str, Any]:
    found = _plain(trigger, TRIGGER_KEYS)
    return found | ({"queue": trigger.queue.slug} if trigger.queue else {})


def _step(step: LadderStep) -> dict[str, str]:
    condition = {"condition": _value(step.condition)} if step.condition else {}
    return {"queue": step.queue.slug, **condition}


def _separation(rule: SeparationRule) -> dict[str, str]:
    found = {"kind": str(rule.kind)}
    return found | ({"stage": rule.stage.key} if rule.stage else {})


def _route(route: Route) -> dict[str, Any]:
    condition = {"condition": route.condition} if route.condition else {}
    return {"verdicts": _value(route.on_verdicts), **condition, "to": route.to_stage.key}
