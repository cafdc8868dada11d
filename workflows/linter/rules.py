"""Schemas, triggers and conditions: what would ask nobody, or fail on every case."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from workflows.definitions import Definition
from workflows.expressions import ExpressionError, compile_expression
from workflows.linter.findings import Finding, error, stages_of, warning
from workflows.pointers import PointerError, parts
from workflows.schemas import SchemaError, compile_schema
from workflows.triggers import Kind

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    Kind.CONFIDENCE_BELOW: ("threshold",),
    Kind.VALUE_ABOVE: ("threshold",),
    Kind.RISK_ABOVE: ("threshold",),
    Kind.CATEGORY_IN: ("categories",),
    Kind.FIELD_MISSING: ("pointers",),
    Kind.OUTSIDE_DOMAIN: ("pointers",),
    Kind.SAMPLE: ("rate",),
    Kind.EXPRESSION: ("expression",),
}

# Where one of these stands, more may be allowed than the properties say.
_OPEN: Final = frozenset({"$ref", "oneOf", "anyOf", "allOf", "patternProperties", "if"})


def check_schemas(definition: Definition) -> Iterator[Finding]:
    schemas = {"release": definition["release"].get("input_schema", {})}
    schemas |= {f"action {a['name']}": a.get("args_schema", {}) for a in definition["actions"]}
    for where, schema in schemas.items():
        try:
            compile_schema(schema)
        except SchemaError as wrong:
            yield error(where, str(wrong))


def check_presentation(definition: Definition) -> Iterator[Finding]:
    for where, stage in stages_of(definition, "GATE"):
        presentation = stage.get("gate", {}).get("presentation", "AI_FIRST")
        if presentation != "AI_FIRST" and not definition["actions"]:
            yield error(
                where,
                "Reviewers answer before they see the proposal, and no action is described "
                "that they could answer with: describe one.",
            )


def check_expressions(definition: Definition) -> Iterator[Finding]:
    schema = definition["release"].get("input_schema", {})
    args = {action["name"]: action.get("args_schema", {}) for action in definition["actions"]}
    for where, source in _expressions(definition):
        try:
            compile_expression(source, schema=schema, action_schemas=args)
        except ExpressionError as wrong:
            yield error(where, str(wrong))
        except SchemaError:
            return  # told by the check of the schemas


def _expressions(definition: Definition) -> Iterator[tuple[str, str]]:
    for where, trigger in _triggers(definition):
        if trigger.get("expression", "").strip():
            yield where, trigger["expression"]
    for where, stage in stages_of(definition, "GATE"):
        for number, rung in enumerate(stage.get("gate", {}).get("ladder", ()), 1):
            if rung.get("condition", "").strip():
                yield f"{where}, rung {number}", rung["condition"]
    for stage in definition["stages"]:
        for route in stage.get("routes", ()):
            if route.get("condition", "").strip():
                yield f"stage {stage['key']}, route to {route['to']}", route["condition"]


def _triggers(definition: Definition) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, stage in stages_of(definition, "GATE"):
        for number, trigger in enumerate(stage.get("gate", {}).get("triggers", ()), 1):
            yield f"{where}, trigger {number} ({trigger['kind']})", trigger


def check_triggers(definition: Definition) -> Iterator[Finding]:
    for where, stage in stages_of(definition, "GATE"):
        if "gate" in stage and not stage["gate"].get("triggers"):
            yield warning(where, "Without a trigger nobody is ever asked here: add one.")
    for where, trigger in _triggers(definition):
        for need in _NEEDS.get(trigger["kind"], ()):
            if trigger.get(need) in (None, "", []):
                yield error(where, f"Fill in {need.replace('_', ' ')}: it decides what fires.")
        yield from _bounds(where, trigger)


def _bounds(where: str, trigger: Mapping[str, Any]) -> Iterator[Finding]:
    threshold = trigger.get("threshold")
    if (
        trigger["kind"] == Kind.CONFIDENCE_BELOW
        and threshold is not None
        and not 0 < float(threshold) <= 1
    ):
        yield error(where, f"A confidence lies between 0 and 1, and {threshold} does not.")
    if trigger["kind"] == Kind.OUTSIDE_DOMAIN:
        low, high = trigger.get("minimum"), trigger.get("maximum")
        if low is None and high is None and not trigger.get("allowed"):
            yield error(where, "Say what is inside: a minimum, a maximum, or the texts allowed.")
        elif low is not None and high is not None and float(low) > float(high):
            yield error(where, "The minimum is over the maximum: nothing could be inside.")


def check_dead_triggers(definition: Definition) -> Iterator[Finding]:
    """Those that can never fire: whoever wrote them believes in a net that is not there."""
    known = _categories(definition)
    for where, trigger in _triggers(definition):
        if trigger["kind"] == Kind.SAMPLE and trigger.get("rate") == 0:
            yield error(where, "A sample of nothing never fires: give it a share, or remove it.")
        named = trigger.get("categories", ())
        if trigger["kind"] == Kind.CONFIDENCE_BELOW and named and known is not None:
            folded = {one.casefold() for one in known}
            if not any(one.casefold() in folded for one in named):
                yield error(
                    where,
                    f"This never fires: no case is of the category {' or '.join(named)}. The "
                    f"schema knows {', '.join(known)}.",
                )


def _categories(definition: Definition) -> list[str] | None:
    """What a category can be, where the schema lists it."""
    pointer = definition["release"].get("category_pointer", "")
    try:
        steps = parts(pointer) if pointer else ()
    except PointerError:
        return None
    found = _described(definition, steps)
    listed = found.get("enum") if found else None
    is_words = isinstance(listed, list) and all(isinstance(one, str) for one in listed)
    return listed if is_words else None


def _described(definition: Definition, steps: Sequence[str]) -> Mapping[str, Any] | None:
    """What the schemas say of a field of the data; None where they do not."""
    if not steps or steps[0] != "data":
        return None
    found: Any = definition["release"].get("input_schema", {})
    for step in steps[1:]:
        found = found.get("properties", {}).get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def check_pointers(definition: Definition) -> Iterator[Finding]:
    found = [(where, p) for where, t in _triggers(definition) for p in t.get("pointers", ())]
    for key, value in definition["release"].items():
        if key.endswith(("_pointer", "_pointers")):
            several = value if isinstance(value, list) else [value]
            found += [(f"release, {key.replace('_', ' ')}", pointer) for pointer in several]
    for where, pointer in found:
        yield from _pointer(definition, where, pointer)


def _pointer(definition: Definition, where: str, pointer: str) -> Iterator[Finding]:
    try:
        steps = parts(pointer)
    except PointerError as wrong:
        yield error(where, str(wrong))
        return
    if not steps or steps[0] not in ("data", "action", "ai_output"):
        yield error(
            where, f'"{pointer}" leads nowhere: begin with /data, /action/args or /ai_output.'
        )
        return
    if steps[0] == "data" and (missing := _unknown_step(definition, steps)):
        yield error(
            where,
            f'"{pointer}" names a field that no case can have: the schema has no "{missing}" '
            "there and allows none. Mend the name, or add the field to the schema.",
        )


def _unknown_step(definition: Definition, steps: Sequence[str]) -> str:
    """The first name on the way that a closed schema does not know."""
    found: Any = definition["release"].get("input_schema", {})
    for step in steps[1:]:
        if not isinstance(found, Mapping) or set(found) & _OPEN:
            return ""
        properties = found.get("properties", {})
        if not isinstance(properties, Mapping):
            return ""
        if step not in properties:
            return step if found.get("additionalProperties") is False else ""
        found = properties[step]
    return ""
