"""What is wrong with an outcome rule when it is saved, whatever its kind, in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from reviews.outcomes import functions, kinds, records
from reviews.outcomes.template import Json
from reviews.outcomes.template_check import (
    check_pointers,
    check_template,
    instruction_problems,
)
from workflows.pointers import PointerError, parts

# Each part of a template: whether it must be there.
_PARTS: Mapping[str, Mapping[str, bool]] = {
    kinds.SLACK_MESSAGE: {"token": True, "channel": True, "text": True},
    kinds.UPDATE_RECORD: {"record": True, "key": True, "set": True, "expect": False},
    kinds.START_CASE: {"workflow": True, "case": True},
    kinds.CALLABLE: {"function": True, "args": True},
}
# Named by whoever writes the rule, never by a case.
_FIXED = ("token", "channel", "record", "workflow", "function")
_OBJECTS = ("set", "expect", "case", "args")


def check_rule(kind: str, template: Json, **schemas: Any) -> list[str]:
    """As `check_template`, for any kind."""
    if kind not in _PARTS:
        return check_template(template, **schemas)
    problems = _shape(kind, template) or [
        *instruction_problems(template, allowed=("$ref",)),
        *_target(kind, template),
    ]
    return problems or check_pointers([template], **schemas)


def check_precondition(precondition: Json, **schemas: Any) -> list[str]:
    if not isinstance(precondition, Mapping) or not isinstance(precondition.get("expect"), Mapping):
        return ["The precondition needs a url and expect, an object of JSON pointers and values."]
    request = {name: value for name, value in precondition.items() if name != "expect"}
    problems = check_template({"method": "GET", **request}, **schemas)
    if {"method", "body"} & set(request):
        problems.append("The precondition only reads: it has no method and no body.")
    problems += _answer_pointers(precondition["expect"])
    problems += instruction_problems(list(precondition["expect"].values()), allowed=("$ref",))
    return problems or check_pointers([precondition["expect"]], **schemas)


def _answer_pointers(expect: Mapping[str, Json]) -> Iterator[str]:
    if not expect:
        yield "Say in expect what must still be true."
    for pointer in expect:
        try:
            parts(pointer)
        except PointerError as error:
            yield str(error)


def _shape(kind: str, template: Json) -> list[str]:
    known = _PARTS[kind]
    if not isinstance(template, Mapping):
        return [f"The template must be an object with {', '.join(known)}."]
    problems = [
        f"The template has no part called {part}." for part in template if part not in known
    ]
    problems += [
        f"The template needs {part}." for part in known if _is_missing(part, kind, template)
    ]
    for part in _FIXED:
        if part in template and not isinstance(template[part], str):
            problems.append(f"{part} must be a plain text, the same for every case.")
    for part in _OBJECTS:
        if part in template and not isinstance(template[part], Mapping):
            problems.append(f"{part} must be an object.")
    if not isinstance(template.get("text", []), list):
        problems.append("text must be a list of texts and $refs, which are joined.")
    return problems


def _is_missing(part: str, kind: str, template: Mapping[str, Json]) -> bool:
    return _PARTS[kind][part] and part not in template


def _target(kind: str, template: Mapping[str, Json]) -> Iterator[str]:
    """What a site has not opened cannot be reached."""
    try:
        if kind == kinds.UPDATE_RECORD:
            place = records.opened(template["record"])
            named = [*template["set"], *template.get("expect", {})]
            for name in sorted(set(named) - set(place.fields)):
                yield f"{name} of {template['record']} is not opened."
        elif kind == kinds.CALLABLE:
            functions.registered(template["function"])
    except LookupError as error:
        yield str(error.args[0])
