"""A workflow for agents that run their own tools, and the person who decides about their calls."""

import time
from collections.abc import Callable
from typing import Any

from agents.models import AgentKey
from reviews.models import Case, Decision, Review
from reviews.services import claims
from reviews.services.publishing import propose, publish
from tests.building import House, person, route, stage, trigger
from tests.deciding import decide
from workflows.models import Agent, Gate, Queue, Release, Stage, Team, Workflow

WORKFLOW = "agent-tools"
PATIENCE_SECONDS = 30.0


def build_tool_house() -> House:
    """Any tool may be asked for. An amount up to 100 passes by itself; all else, also what has no
    amount, reaches a person."""
    admin = person("admin", admin=True)
    team = Team.objects.create(name="Desk", slug="desk")
    owner, one, two = (person(name, team) for name in ("owner", "ana", "ben"))
    queue = Queue.objects.create(name="Tool calls", slug="tool-calls", position=1)
    queue.teams.set([team])
    workflow = Workflow.objects.create(
        name="Agents' tools", slug=WORKFLOW, owner_team=team, exception_queue=queue
    )
    release = _draft(workflow, admin, queue)
    propose(release, by=admin)
    release = publish(release, by=admin)
    agent = Agent.objects.create(name="Helper", slug="helper", owner=owner)
    key_row, key = AgentKey.make(agent)
    return House(
        workflow=workflow,
        release=release,
        admin=admin,
        owner=owner,
        one=one,
        two=two,
        three=two,
        agent=agent,
        key=key,
        key_row=key_row,
        queue=queue,
        exceptions=queue,
    )


def _draft(workflow: Workflow, author: Any, queue: Queue) -> Release:
    release = Release.objects.create(
        workflow=workflow,
        number=1,
        author=author,
        input_schema={"type": "object"},
        value_pointer="/action/args/amount",
        executor=Release.Executor.AGENT,
    )
    gate_stage = stage(release, "tool-call", "Tool call", Stage.Kind.GATE, 1)
    end = stage(release, "end", "End", Stage.Kind.END, 2)
    verdicts = ["approve", "edit", "reject", "respond"]
    gate = Gate.objects.create(stage=gate_stage, queue=queue, verdicts=verdicts)
    trigger(gate, "VALUE_ABOVE", threshold="100")
    route(gate_stage, ["auto", *verdicts], end, 1)
    return release


class Reviewer:
    """Decides what is asked, once it is asked, through the service that every door uses."""

    def __init__(self, house: House) -> None:
        self.house = house

    def decide(self, name: str, verdict: str, **answer: Any) -> Decision:
        """About the open call of that tool."""
        return self.decide_review(self.waits_for(name), verdict, **answer)

    def decide_review(self, review: Review, verdict: str, **answer: Any) -> Decision:
        claims.claim_review(review, reviewer=self.house.one)
        return decide(review, self.house.one, verdict, **answer)

    def edit(self, name: str, **args: Any) -> Decision:
        changes = {f"/action/args/{arg}": value for arg, value in args.items()}
        return self.decide(name, "edit", changes=changes)

    def waits_for(self, name: str) -> Review:
        return _when_asked(lambda case: name_of(case) == name)

    def waits_for_order(self, order: str) -> Review:
        return _when_asked(lambda case: args_of(case).get("order") == order)


def _when_asked(is_it: Callable[[Case], bool]) -> Review:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for review in Review.objects.filter(state=Review.State.OPEN):
            if is_it(review.case):
                return review
        time.sleep(0.05)
    raise AssertionError(f"Nobody asked for it; the cases are {asked()}.")


def args_of(case: Case) -> dict[str, Any]:
    return (case.proposals.last().action or {}).get("args", {})


def name_of(case: Case) -> str:
    """The tool that is asked for; empty for a question."""
    action = case.proposals.last().action
    return action["name"] if action else ""


def asked() -> list[tuple[str, str]]:
    """Every case there is: its tool and lane, oldest first."""
    return [
        (name_of(case), case.lane.lower() if case.lane else "")
        for case in Case.objects.order_by("id")
    ]
