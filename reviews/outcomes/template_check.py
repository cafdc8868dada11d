"""What is wrong with a template when it is saved, in sentences, before a case depends on it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from reviews.addresses import parse_url
from reviews.network import METHODS, Refused, check_headers
from reviews.outcomes.template import (
    IDEMPOTENCY_HEADER,
    METHODS_WITHOUT_BODY,
    ORIGIN,
    PLACEHOLDER,
    Json,
    instruction,
)
from workflows.pointers import PointerError, parts, read

Schema = Mapping[str, Any]
PARTS = ("method", "url", "headers", "body")
CASE_FIELDS = frozenset(
    {
        "id",
        "external_id",
        "workflow",
        "subject",
        "summary",
        "value",
        "currency",
        "category",
    }
)
DECISION_FIELDS = frozenset({"id", "type", "message", "reason_code"})
OF_OUTCOME = re.compile(r"/outcome/(idempotency_key|status|reply(/.*)?)")
_KEYS_OF = {"$ref": {"$ref", "default"}, "$secret": {"$secret", "prefix"}}


def check_template(
    template: Json,
    *,
    data_schema: Schema | None = None,
    args_schemas: Sequence[Schema] = (),
    compensates: bool = False,
) -> list[str]:
    """Sentences about the shape of the template and about pointers no case can satisfy.

    `data_schema` describes /data, `args_schemas` the arguments of the actions that may stand at
    /action/args; what is not described is not checked. Only what takes an outcome back
    (`compensates`) knows one.
    """
    problems = _shape(template)
    if problems:
        return problems
    found = [template.get("body"), *template.get("headers", {}).values()]
    in_url = [{"$ref": pointer} for pointer in PLACEHOLDER.findall(template["url"])]
    return check_pointers(
        [*in_url, *found],
        data_schema=data_schema,
        args_schemas=args_schemas,
        compensates=compensates,
    )


def check_pointers(
    nodes: Sequence[Json],
    *,
    data_schema: Schema | None = None,
    args_schemas: Sequence[Schema] = (),
    compensates: bool = False,
) -> list[str]:
    """Sentences about what is copied from where no case has a value."""
    problems = []
    for pointer, has_default in _references(list(nodes)):
        if compensates and OF_OUTCOME.fullmatch(pointer):
            continue
        problems += _pointer(pointer, has_default, data_schema, args_schemas)
    return list(dict.fromkeys(problems))


def _shape(template: Json) -> list[str]:
    if not isinstance(template, Mapping):
        return ["The template must be an object with method, url, headers and body."]
    method = template.get("method", "POST")
    problems = [
        f"The template has no part called {part}." for part in template if part not in PARTS
    ]
    if method not in METHODS:
        problems.append(f"The method must be one of {', '.join(METHODS)}.")
    if method in METHODS_WITHOUT_BODY and "body" in template:
        problems.append(f"A {method} request has no body.")
    problems += _url(template.get("url"))
    problems += _headers(template.get("headers", {}))
    problems += instruction_problems(template.get("body"), allowed=("$ref",))
    return problems


def _url(url: Json) -> list[str]:
    if not isinstance(url, str):
        return ["The template needs a url."]
    origin = ORIGIN.match(url)
    if origin is None or "{" in origin[0]:
        return ["The URL must begin with http:// or https:// and a fixed host."]
    try:
        parse_url(PLACEHOLDER.sub("x", url))
    except Refused as error:
        return [str(error)]
    return []


def _headers(headers: Json) -> list[str]:
    if not isinstance(headers, Mapping):
        return ["The headers must be an object of names and values."]
    problems = []
    for name, value in headers.items():
        if name.lower() == IDEMPOTENCY_HEADER:
            problems.append(f"The header {name} is set by Handrail itself.")
        problems += instruction_problems(value, allowed=("$ref", "$secret"))
        prefix = value.get("prefix", "") if isinstance(value, Mapping) else ""
        try:
            check_headers({name: value if isinstance(value, str) else prefix.strip()})
        except Refused as error:
            problems.append(str(error))
        if not isinstance(value, str) and instruction(value) is None:
            problems.append(f"The header {name} must be a text, a $ref or a $secret.")
    return problems


def instruction_problems(node: Json, *, allowed: Sequence[str]) -> list[str]:
    found = instruction(node)
    if found is not None:
        return _instruction(node, found, allowed)
    children = (
        node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    )
    return [
        problem for child in children for problem in instruction_problems(child, allowed=allowed)
    ]


def _instruction(node: Mapping[str, Json], found: str, allowed: Sequence[str]) -> list[str]:
    if found not in allowed:
        return [f"{found} is not an instruction here; known: {', '.join(allowed)}."]
    extra = sorted(set(node) - _KEYS_OF[found])
    if extra:
        return [f"{', '.join(extra)} cannot stand beside {found}."]
    if not isinstance(node[found], str) or not isinstance(node.get("prefix", ""), str):
        return [f"{found} takes a text."]
    return []


def _references(node: Json) -> Iterator[tuple[str, bool]]:
    """Every pointer that is read, and whether a missing value has a default."""
    if instruction(node) == "$ref":
        yield node["$ref"], "default" in node
        return
    children = (
        node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    )
    for child in children:
        yield from _references(child)


def _pointer(
    pointer: str, has_default: bool, data_schema: Schema | None, args_schemas: Sequence[Schema]
) -> list[str]:
    try:
        steps = parts(pointer)
    except PointerError as error:
        return [str(error)]
    match steps:
        case ["data", *rest]:
            return _described(pointer, rest, [data_schema] if data_schema else [], has_default)
        case ["action", "args", *rest]:
            return _described(pointer, rest, args_schemas, has_default)
        case ["case", name, *_] if name in CASE_FIELDS:
            return []
        case ["decision", name] if name in DECISION_FIELDS:
            return []
        case ["action"] | ["action", "name"] | ["ai_output", *_] | ["case"] | ["decision"]:
            return []
    return [f"No case has a value at {pointer or 'the empty pointer'}."]


def _described(
    pointer: str, steps: Sequence[str], schemas: Sequence[Schema], has_default: bool
) -> list[str]:
    """One schema must know the place, and all must promise a value unless there is a default."""
    found = [_find(schema, steps, root=schema) for schema in schemas]
    if not found:
        return []
    if all(place is None for place in found):
        return [f"No case has a value at {pointer}: the schema does not describe it."]
    if not has_default and not all(found):
        return [f"A case may have no value at {pointer}: make it required or give a default."]
    return []


def _find(schema: Any, steps: Sequence[str], *, root: Schema) -> bool | None:
    """True: always there. False: allowed. None: the schema does not describe such a place."""
    schema = _dereference(schema, root)
    if not steps:
        return True
    if not isinstance(schema, Mapping):
        return False if schema is not False else None
    found = _in_branches(schema, steps, root=root)
    step = _step(schema, steps[0])
    if step is not None:
        inner, sure = step
        deeper = _find(inner, steps[1:], root=root)
        found.append(None if deeper is None else deeper and sure)
    elif not found and not _closed(schema):
        found.append(False)
    if all(place is None for place in found):
        return None
    return any(found)


def _in_branches(schema: Schema, steps: Sequence[str], *, root: Schema) -> list[bool | None]:
    """All of allOf hold, so one that promises the place is enough; of the others any may hold."""
    found = [_find(branch, steps, root=root) for branch in schema.get("allOf", ())]
    for keyword in ("anyOf", "oneOf"):
        branches = [_find(branch, steps, root=root) for branch in schema.get(keyword, ())]
        described = any(branch is not None for branch in branches)
        found += [all(branches) if described else None] if branches else []
    return found


def _step(schema: Schema, part: str) -> tuple[Any, bool] | None:
    """The schema one step further down, and whether that step is always there."""
    properties = schema.get("properties", {})
    if part in properties:
        return properties[part], part in schema.get("required", ())
    if part.isdigit() and ("items" in schema or "prefixItems" in schema):
        prefix = schema.get("prefixItems", [])
        inner = prefix[int(part)] if int(part) < len(prefix) else schema.get("items", True)
        return inner, schema.get("minItems", 0) > int(part)
    if isinstance(schema.get("additionalProperties"), Mapping):
        return schema["additionalProperties"], False
    return None


def _closed(schema: Schema) -> bool:
    """A schema that names its properties is taken at its word: others are a slip of the pen."""
    return (
        bool(schema.get("properties")) or schema.get("additionalProperties") is False
    ) and "patternProperties" not in schema


def _dereference(schema: Any, root: Schema) -> Any:
    for _ in range(20):
        pointer = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(pointer, str) or not pointer.startswith("#"):
            return schema
        schema = read(root, unquote(pointer[1:]))
    return True
