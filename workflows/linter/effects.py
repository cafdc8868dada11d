"""Who decides, what runs, and what happens when nobody answers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from workflows.definitions import Definition
from workflows.linter.findings import Finding, error, stages_of, warning
from workflows.linter.graph import Graph
from workflows.triggers import Kind

# Kinds that do something; the others only tell, or open a case that has gates of its own.
_ACTING: Final = ("http_request", "update_record", "callable")


def check_queues(definition: Definition) -> Iterator[Finding]:
    queues = {queue["slug"]: queue for queue in definition["queues"]}
    for slug, queue in queues.items():
        if not queue.get("teams"):
            yield error(f"queue {slug}", "No team works this queue: give it one.")


def check_ladders(definition: Definition) -> Iterator[Finding]:
    for where, stage in stages_of(definition, "GATE"):
        gate = stage.get("gate", {})
        rungs = gate.get("ladder", ())
        if not rungs:
            continue
        if gate.get("seats", 1) > 1 or gate.get("quorum", "ANY") != "ANY":
            yield error(
                where,
                "A ladder asks one person a rung, and a quorum would ask several at once: leave "
                "it at any one of one seat, or remove the rungs.",
            )
        if not gate.get("reject_vetoes", True):
            yield warning(where, "On a ladder one rejection always ends it.")
        if all(rung.get("condition") for rung in rungs):
            yield warning(
                where,
                "Every rung has a condition; where none holds, one person of the gate's own queue "
                "is asked. Make the first rung unconditional if that is not meant.",
            )
        for number, trigger in enumerate(gate.get("triggers", ()), 1):
            if "queue" in trigger and trigger["kind"] != Kind.OUTSIDE_DOMAIN:
                yield warning(
                    f"{where}, trigger {number} ({trigger['kind']})",
                    "The ladder says who is asked here; this queue is not used: remove it.",
                )


def check_outcomes(definition: Definition) -> Iterator[Finding]:
    graph = Graph(definition)
    for stage in definition["stages"]:
        where = f"stage {stage['key']}"
        rules = stage.get("outcomes", ())
        if rules and stage["kind"] != "ACTION":
            yield error(where, "Outcome rules run at an ACTION only: move them to one.")
        elif stage["kind"] == "ACTION":
            arriving = graph.verdicts_into(stage["key"])
            for rule in rules:
                yield from _outcome(f"{where}, {rule['title']}", rule, arriving)
    if definition["release"].get("executor") == "AGENT":
        for where, stage in stages_of(definition, "ACTION"):
            for rule in stage.get("outcomes", ()):
                if rule.get("kind", "http_request") in _ACTING:
                    yield error(
                        f"{where}, {rule['title']}",
                        "The agent runs the action itself, so this request would run it twice: "
                        "remove the rule, or make HANDRAIL the executor.",
                    )


def _outcome(where: str, rule: Mapping[str, Any], arriving: set[str]) -> Iterator[Finding]:
    if not arriving & set(rule["on_verdicts"]):
        yield warning(
            where,
            f"This never runs: cases come here on {', '.join(sorted(arriving)) or 'no route'}.",
        )


def check_timeouts(definition: Definition) -> Iterator[Finding]:
    kinds = [action.get("reversibility", "IRREVERSIBLE") for action in definition["actions"]]
    for _, stage in stages_of(definition, "ACTION"):
        kinds += [one.get("reversibility", "IRREVERSIBLE") for one in stage.get("outcomes", ())]
    for where, stage in stages_of(definition, "GATE"):
        gate = stage.get("gate", {})
        # What nobody classified counts as irreversible.
        if gate.get("on_timeout") == "APPROVE" and ("IRREVERSIBLE" in kinds or not kinds):
            yield error(
                where,
                "Silence would approve what cannot be taken back: reject or escalate when time "
                "runs out, or classify the actions and outcomes as reversible.",
            )
        if gate.get("on_timeout") in ("APPROVE", "ESCALATE") and not gate.get("time_limit_minutes"):
            yield warning(where, "Without a time limit only the agent's own deadline counts.")


def check_reasons(definition: Definition) -> Iterator[Finding]:
    for where, stage in stages_of(definition, "GATE"):
        gate = stage.get("gate", {})
        required = gate.get("reason_required_on", ())
        if required and not gate.get("reason_codes"):
            yield error(
                where,
                f"Nobody could {' or '.join(required)} here: a reason is required and there is "
                "none to choose from. Add reason codes, or require none.",
            )


def check_separation(definition: Definition) -> Iterator[Finding]:
    gates = {stage["key"] for _, stage in stages_of(definition, "GATE")}
    for where, stage in stages_of(definition, "GATE"):
        for rule in stage.get("gate", {}).get("separation", ()):
            if "stage" in rule and (rule["stage"] not in gates or rule["stage"] == stage["key"]):
                yield error(
                    where, f"Nobody decides at {rule['stage']} before: name an earlier gate."
                )
