"""Stages, and the routes between them."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.definitions import Definition
from workflows.linter.findings import Finding, error, stages_of, warning
from workflows.linter.graph import Graph
from workflows.triggers import Kind


def check_shape(definition: Definition) -> Iterator[Finding]:
    if not definition["stages"]:
        yield error("stages", "There is no stage yet: add a gate, an action and an end.")
    elif not any(stage["kind"] == "END" for stage in definition["stages"]):
        yield error("stages", "No stage is an END: add one, and routes that lead to it.")
    for where, stage in stages_of(definition, "GATE"):
        if "gate" not in stage:
            yield error(where, "This gate has no settings: give it a queue and its triggers.")
    for stage in definition["stages"]:
        if stage["kind"] != "GATE" and "gate" in stage:
            yield error(
                f"stage {stage['key']}", f"Only a GATE has gate settings; it is {stage['kind']}."
            )
        if stage["kind"] == "END" and stage.get("routes"):
            yield warning(f"stage {stage['key']}", "Routes of an END are never taken: remove them.")


def check_ways(definition: Definition) -> Iterator[Finding]:
    graph = Graph(definition)
    for key in graph.unreachable():
        yield warning(f"stage {key}", "No route leads here: add one, or remove the stage.")
    for cycle in graph.automatic_cycles():
        yield error(
            f"stage {cycle[0]}",
            f"A case could go round {' → '.join(cycle)} with nobody asked: "
            "send one of these routes elsewhere, or put an ALWAYS trigger on a gate among them.",
        )
    for key in graph.unguarded_actions():
        yield error(
            f"stage {key}",
            "A case could come to this action past no gate, so that nothing would ask whether "
            "a person is needed: put a gate before it.",
        )
    for gate, action in graph.gates_after_actions():
        yield error(
            f"stage {gate}",
            f"This gate comes after the action {action}, when there is nothing left to "
            "approve: put it before, or make its pattern EXCEPTION.",
        )


def check_routes(definition: Definition) -> Iterator[Finding]:
    for where, stage in stages_of(definition, "GATE"):
        yield from _missing_routes(where, stage, _possible_verdicts(stage))
    for where, stage in stages_of(definition, "ACTION"):
        yield from _missing_routes(where, stage, ["done"])
    for stage in definition["stages"]:
        yield from _idle_routes(f"stage {stage['key']}", stage)


def _possible_verdicts(stage: Mapping[str, Any]) -> list[str]:
    """Those offered; a person may always say no, and silence and the rules answer too."""
    gate = stage.get("gate", {})
    always = any(trigger["kind"] == Kind.ALWAYS for trigger in gate.get("triggers", ()))
    found = [*gate.get("verdicts", ("approve", "edit", "reject")), "reject"]
    found += ["approve"] if gate.get("on_timeout") == "APPROVE" else []
    return list(dict.fromkeys([*found, *([] if always else ["auto"])]))


def _missing_routes(where: str, stage: Mapping[str, Any], verdicts: list[str]) -> Iterator[Finding]:
    for verdict in verdicts:
        routes = [route for route in stage.get("routes", ()) if verdict in route["verdicts"]]
        if not routes:
            yield error(where, f'Nothing says where a case goes after "{verdict}": add a route.')
        elif all(route.get("condition") for route in routes):
            yield warning(
                where,
                f'Every route for "{verdict}" has a condition; a case that meets none becomes '
                "an exception. Add a last route without one if that is not meant.",
            )


def _idle_routes(where: str, stage: Mapping[str, Any]) -> Iterator[Finding]:
    possible = {"ACTION": {"done", "failed"}, "END": set()}.get(
        stage["kind"], set(_possible_verdicts(stage))
    )
    settled: set[str] = set()
    for route in stage.get("routes", ()):
        verdicts = set(route["verdicts"])
        if stage["kind"] != "END" and not verdicts & possible:
            yield warning(
                where, f"The route to {route['to']} is for verdicts that cannot come from here."
            )
        elif verdicts & possible and verdicts & possible <= settled:
            yield warning(
                where, f"The route to {route['to']} is never taken: routes above it catch all."
            )
        if not route.get("condition"):
            settled |= verdicts
