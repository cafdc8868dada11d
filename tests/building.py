"""Small workflows, people and agents for stories; made the way an admin makes them."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Permission

from agents.models import AgentKey
from agents.models.agent_key import Scope
from reviews.services.publishing import propose, publish
from workflows.models import (
    ActionType,
    Agent,
    Gate,
    Membership,
    OutcomeRule,
    Queue,
    Release,
    Route,
    Stage,
    Team,
    Trigger,
    Workflow,
)

LEDGER = "http://127.0.0.1:8901"
DATA_SCHEMA = {
    "type": "object",
    "required": ["order", "amount"],
    "properties": {
        "order": {"type": "string", "title": "Order", "maxLength": 40},
        "amount": {"type": "string", "format": "decimal", "title": "Amount"},
        "reason": {"type": "string", "title": "Reason", "maxLength": 4000},
        "customer": {
            "type": "object",
            "title": "Customer",
            "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
        },
        "age": {"type": "integer", "title": "Age", "minimum": 0},
    },
}
ARGS_SCHEMA = {
    "type": "object",
    "required": ["order", "amount"],
    "additionalProperties": False,
    "properties": {
        "order": {"type": "string", "title": "Order", "maxLength": 40},
        "amount": {"type": "string", "format": "decimal", "title": "Amount"},
        "method": {"type": "string", "title": "Paid back by", "enum": ["card", "voucher"]},
        "note": {"type": "string", "title": "Note to the customer", "maxLength": 500},
    },
}
TEMPLATE = {
    "method": "POST",
    "url": f"{LEDGER}/refunds",
    "body": {
        "case": {"$ref": "/case/id"},
        "order": {"$ref": "/action/args/order"},
        "amount": {"$ref": "/action/args/amount"},
    },
}


@dataclass
class House:
    """One workflow with its people: refunds, reviewed under 0.80 or over 1,000.00 EUR."""

    workflow: Workflow
    release: Release
    admin: AbstractUser
    owner: AbstractUser
    one: AbstractUser
    two: AbstractUser
    three: AbstractUser
    agent: Agent
    key: str
    key_row: AgentKey
    queue: Queue
    exceptions: Queue
    extra: dict[str, Any] = field(default_factory=dict)


def person(name: str, *teams: Team, staff: bool = False, admin: bool = False) -> AbstractUser:
    user = get_user_model().objects.create_user(
        name, password="handrail", is_staff=staff or admin, is_superuser=admin
    )
    for team in teams:
        Membership.objects.create(team=team, user=user)
    return user


def allow(user: AbstractUser, *codenames: str) -> AbstractUser:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return type(user).objects.get(pk=user.pk)


def build_house(**gate_options: Any) -> House:
    """A live workflow `refunds`: gate → second gate over 5,000 → action → end.

    `gate_options` override the first gate's fields, `second` those of the second."""
    admin = person("admin", admin=True)
    team = Team.objects.create(name="Refund desk", slug="refund-desk")
    seniors = Team.objects.create(name="Seniors", slug="seniors")
    owner = person("owner", team)
    one, two = person("reviewer.one", team), person("reviewer.two", team, seniors)
    three = person("reviewer.three", team, seniors)
    queue = Queue.objects.create(name="Refunds", slug="refunds", position=1)
    large = Queue.objects.create(name="Large amounts", slug="large", position=2)
    exceptions = Queue.objects.create(name="Exceptions", slug="exceptions", position=3)
    queue.teams.set([team])
    large.teams.set([seniors])
    exceptions.teams.set([team])
    workflow = Workflow.objects.create(
        name="Customer refunds",
        slug="refunds",
        purpose="Money back to customers.",
        owner_team=team,
        exception_queue=exceptions,
    )
    release = draft(workflow, admin, queue, large, **gate_options)
    propose(release, by=admin)
    release = publish(release, by=admin)
    agent = Agent.objects.create(name="Refund agent", slug="refund-agent", owner=owner)
    key_row, key = AgentKey.make(agent)
    return House(
        workflow=workflow,
        release=release,
        admin=admin,
        owner=owner,
        one=one,
        two=two,
        three=three,
        agent=agent,
        key=key,
        key_row=key_row,
        queue=queue,
        exceptions=exceptions,
        extra={"large": large, "team": team, "seniors": seniors},
    )


def let_the_agent_act(house: House) -> House:
    """From here on the agent pays back itself; Handrail only says that it may."""
    release = draft(house.workflow, house.admin, house.queue, house.extra["large"])
    release.executor = "AGENT"
    release.save()
    OutcomeRule.objects.filter(stage__release=release).delete()
    propose(release, by=house.admin)
    house.release = publish(release, by=house.admin)
    AgentKey.objects.update(scopes=Scope.values)
    return house


def draft(
    workflow: Workflow,
    author: AbstractUser,
    queue: Queue,
    large: Queue,
    *,
    second: dict[str, Any] | None = None,
    **gate_options: Any,
) -> Release:
    compensation = gate_options.pop("compensation", None)
    audit_rate = gate_options.pop("audit_rate", 0.0)
    release = Release.objects.create(
        workflow=workflow,
        number=workflow.releases.count() + 1,
        author=author,
        input_schema=DATA_SCHEMA,
        subject_pointer="/data/customer/id",
        value_pointer="/action/args/amount",
        cosmetic_pointers=["/action/args/note"],
        personal_pointers=["/data/customer/name"],
        audit_rate=audit_rate,
    )
    ActionType.objects.create(
        release=release,
        name="refund",
        title="Refund",
        args_schema=ARGS_SCHEMA,
        reversibility="REVERSIBLE",
    )
    first = stage(release, "approval", "Refund approval", Stage.Kind.GATE, 1)
    later = stage(release, "second", "Second approval", Stage.Kind.GATE, 2)
    action = stage(release, "pay", "Pay back", Stage.Kind.ACTION, 3)
    end = stage(release, "end", "End", Stage.Kind.END, 4)
    gate = Gate.objects.create(
        **(
            {
                "stage": first,
                "queue": queue,
                "instruction": "Cap refunds at the price paid.",
                "verdicts": ["approve", "edit", "reject", "respond"],
            }
            | gate_options
        )
    )
    gate.reason_codes.create(code="policy", label="Against the policy")
    gate.separation_rules.create(kind="NOT_AGENT_OWNER")
    trigger(gate, "CONFIDENCE_BELOW", threshold="0.80")
    trigger(gate, "VALUE_ABOVE", threshold="1000")
    second_gate = Gate.objects.create(
        **({"stage": later, "queue": large, "verdicts": ["approve", "reject"]} | (second or {}))
    )
    second_gate.separation_rules.create(kind="NOT_DECIDER_OF", stage=first)
    trigger(second_gate, "VALUE_ABOVE", threshold="5000", words="Two people for large refunds")
    route(first, ["auto", "approve", "edit"], later, 1)
    route(first, ["reject", "respond"], end, 2)
    route(later, ["auto", "approve", "edit"], action, 1)
    route(later, ["reject"], end, 2)
    route(action, ["done", "failed"], end, 1)
    OutcomeRule.objects.create(
        compensation=compensation,
        stage=action,
        position=1,
        title="Book the refund",
        on_verdicts=["auto", "approve", "edit"],
        template=TEMPLATE,
        reversibility="REVERSIBLE",
    )
    return release


def stage(release: Release, key: str, title: str, kind: str, position: int) -> Stage:
    return Stage.objects.create(release=release, key=key, title=title, kind=kind, position=position)


def route(start: Stage, verdicts: list[str], to: Stage, position: int) -> Route:
    return Route.objects.create(stage=start, on_verdicts=verdicts, to_stage=to, position=position)


def trigger(gate: Gate, kind: str, **fields: Any) -> Trigger:
    return Trigger.objects.create(gate=gate, kind=kind, **fields)


def proposal(**changes: Any) -> dict[str, Any]:
    """The body of a create; confident and small unless changed."""
    amount = changes.pop("amount", "90.00")
    return {
        "workflow": "refunds",
        "external_id": "order-A1",
        "summary": f"Refund {amount} on order A1",
        "action": {"name": "refund", "args": {"order": "A1", "amount": amount}},
        "agent_version": "2.1",
        "currency": "EUR",
        "data": {
            "order": "A1",
            "amount": amount,
            "customer": {"id": "c_9", "name": "Jo Doe"},
        },
        "ai_output": {"text": "The parcel arrived broken.", "rationale": "Photo shows damage."},
        "confidence": 0.95,
    } | changes
