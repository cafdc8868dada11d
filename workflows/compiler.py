"""A release as one frozen plan: all that a case's path depends on, read and compiled once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from workflows.expressions import Expression, compile_expression
from workflows.ladder import Rung
from workflows.models import Gate, OutcomeRule, Release, Stage, Trigger
from workflows.routing import RouteRule
from workflows.schemas import CompiledSchema, Field, compile_schema, fields
from workflows.triggers import Kind, TriggerRule


@dataclass(frozen=True, slots=True)
class ActionPlan:
    name: str
    title: str
    args_schema: Mapping[str, Any]
    schema: CompiledSchema
    fields: tuple[Field, ...]
    reversibility: str


@dataclass(frozen=True, slots=True)
class GatePlan:
    instruction: str
    queue_id: int
    fallback_queue_id: int | None
    quorum: str
    seats: int
    needed: int
    reject_vetoes: bool
    verdicts: tuple[str, ...]
    reason_required_on: tuple[str, ...]
    presentation: str
    opinion_agents: tuple[str, ...]
    sealed_seats: bool
    reauth_minutes: int | None
    reason_codes: Mapping[str, str]
    bulk_risk_limit: float | None
    time_limit_minutes: int | None
    undo_seconds: int
    limit_in_business_time: bool
    on_timeout: str
    triggers: tuple[TriggerRule, ...]
    not_agent_owner: bool
    not_deciders_of: tuple[int, ...]
    ladder: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomePlan:
    """`position` is a step: rules that run beside each other share one."""

    id: int
    title: str
    position: int
    on_verdicts: tuple[str, ...]
    kind: str
    condition: Expression | None
    template: Mapping[str, Any]
    precondition: Mapping[str, Any] | None
    compensation: Mapping[str, Any] | None
    reversibility: str


@dataclass(frozen=True, slots=True)
class StagePlan:
    id: int
    key: str
    title: str
    kind: str
    gate: GatePlan | None
    routes: tuple[RouteRule, ...]
    outcomes: tuple[OutcomePlan, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    release_id: int
    number: int
    workflow_id: int
    workflow_slug: str
    stages: Mapping[str, StagePlan]
    first: str
    input_schema: Mapping[str, Any]
    schema: CompiledSchema
    data_fields: tuple[Field, ...]
    actions: Mapping[str, ActionPlan]
    subject_pointer: str
    value_pointer: str
    currency_pointer: str
    category_pointer: str
    cosmetic_pointers: tuple[str, ...]
    personal_pointers: tuple[str, ...]
    audit_rate: float
    executor: str

    def stage_by_id(self, stage_id: int) -> StagePlan:
        return next(stage for stage in self.stages.values() if stage.id == stage_id)

    def verdicts(self) -> set[str]:
        gates = [stage.gate for stage in self.stages.values() if stage.gate]
        return {verdict for gate in gates for verdict in gate.verdicts}


@lru_cache(maxsize=512)
def plan_of(release_id: int) -> Plan:
    """The plan of a release that has left DRAFT, and so can never change; cached for good."""
    return compile_release(Release.objects.select_related("workflow").get(pk=release_id))


def compile_release(release: Release) -> Plan:
    """Raises SchemaError or ExpressionError, in words, when the release cannot run."""
    action_types = list(release.action_types.all())
    action_schemas = {action.name: action.args_schema for action in action_types}

    def expression(source: str) -> Expression | None:
        if not source.strip():
            return None
        return compile_expression(
            source, schema=release.input_schema, action_schemas=action_schemas
        )

    stages = release.stages.select_related("gate").prefetch_related(
        "routes__to_stage",
        "outcome_rules",
        "gate__triggers",
        "gate__reason_codes",
        "gate__separation_rules",
        "gate__ladder",
    )
    compiled = [_stage(stage, expression) for stage in stages]
    return Plan(
        release_id=release.pk,
        number=release.number,
        workflow_id=release.workflow_id,
        workflow_slug=release.workflow.slug,
        stages=MappingProxyType({stage.key: stage for stage in compiled}),
        first=compiled[0].key if compiled else "",
        input_schema=release.input_schema,
        schema=compile_schema(release.input_schema, at="/data"),
        data_fields=tuple(fields(release.input_schema, at="/data")),
        actions=MappingProxyType({action.name: _action(action) for action in action_types}),
        subject_pointer=release.subject_pointer,
        value_pointer=release.value_pointer,
        currency_pointer=release.currency_pointer,
        category_pointer=release.category_pointer,
        cosmetic_pointers=tuple(release.cosmetic_pointers),
        personal_pointers=tuple(release.personal_pointers),
        audit_rate=release.audit_rate,
        executor=release.executor,
    )


def _action(action: Any) -> ActionPlan:
    return ActionPlan(
        name=action.name,
        title=action.title or action.name,
        args_schema=action.args_schema,
        schema=compile_schema(action.args_schema, at="/action/args"),
        fields=tuple(fields(action.args_schema, at="/action/args")),
        reversibility=action.reversibility,
    )


def _stage(stage: Stage, expression: Any) -> StagePlan:
    gate = getattr(stage, "gate", None)
    return StagePlan(
        id=stage.pk,
        key=stage.key,
        title=stage.title,
        kind=stage.kind,
        gate=_gate(gate, expression) if gate else None,
        routes=tuple(
            RouteRule(
                verdicts=tuple(route.on_verdicts),
                to_stage=route.to_stage.key,
                condition=expression(route.condition),
            )
            for route in stage.routes.all()
        ),
        outcomes=tuple(_outcomes(stage, expression)),
    )


def _gate(gate: Gate, expression: Any) -> GatePlan:
    separation = list(gate.separation_rules.all())
    return GatePlan(
        instruction=gate.instruction,
        queue_id=gate.queue_id,
        fallback_queue_id=gate.fallback_queue_id,
        quorum=gate.quorum,
        seats=gate.seats,
        needed=gate.needed,
        reject_vetoes=gate.reject_vetoes,
        verdicts=tuple(gate.verdicts),
        reason_required_on=tuple(gate.reason_required_on),
        presentation=gate.presentation,
        opinion_agents=tuple(gate.opinion_agents),
        sealed_seats=gate.sealed_seats,
        reauth_minutes=gate.reauth_minutes,
        reason_codes=MappingProxyType({row.code: row.label for row in gate.reason_codes.all()}),
        bulk_risk_limit=gate.bulk_risk_limit,
        time_limit_minutes=gate.time_limit_minutes,
        undo_seconds=gate.undo_seconds,
        limit_in_business_time=gate.limit_in_business_time,
        on_timeout=gate.on_timeout,
        triggers=tuple(_trigger(trigger, expression) for trigger in gate.triggers.all()),
        not_agent_owner=any(rule.kind == rule.Kind.NOT_AGENT_OWNER for rule in separation),
        not_deciders_of=tuple(
            rule.stage_id for rule in separation if rule.kind == rule.Kind.NOT_DECIDER_OF
        ),
        ladder=tuple(
            Rung(step.position, step.queue_id, expression(step.condition))
            for step in gate.ladder.all()
        ),
    )


def _trigger(trigger: Trigger, expression: Any) -> TriggerRule:
    return TriggerRule(
        id=str(trigger.pk),
        kind=Kind(trigger.kind),
        threshold=trigger.threshold,
        currency=trigger.currency,
        categories=tuple(trigger.categories),
        pointers=tuple(trigger.pointers),
        minimum=trigger.minimum,
        maximum=trigger.maximum,
        allowed=tuple(trigger.allowed),
        rate=trigger.rate,
        expression=expression(trigger.expression),
        words=trigger.words,
        # Queues are named by their key: a renamed queue must not lose its reviews.
        queue=str(trigger.queue_id or ""),
        priority=trigger.priority,
    )


def _outcomes(stage: Stage, expression: Any) -> Iterator[OutcomePlan]:
    step = 0
    for rule in stage.outcome_rules.all():
        step += not (step and rule.with_previous)
        yield _outcome(rule, step, expression)


def _outcome(rule: OutcomeRule, step: int, expression: Any) -> OutcomePlan:
    return OutcomePlan(
        id=rule.pk,
        title=rule.title,
        position=step,
        condition=expression(rule.condition),
        precondition=rule.precondition,
        on_verdicts=tuple(rule.on_verdicts),
        kind=rule.kind,
        template=rule.template,
        compensation=rule.compensation,
        reversibility=rule.reversibility,
    )
