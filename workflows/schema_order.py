"""The order of a schema's properties, which is the order of a form.

PostgreSQL's jsonb forgets the order of keys, so it travels beside them as "x-order".
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

ORDER: Final = "x-order"

_SCHEMA_KEYS: Final = frozenset(
    {"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"}
    | {"unevaluatedProperties", "unevaluatedItems"}
)
_LIST_KEYS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAP_KEYS: Final = frozenset({"properties", "$defs", "patternProperties", "dependentSchemas"})
# As a person would write them; what is not listed follows by name.
_KEYWORDS: Final = (
    "$ref",
    "type",
    "format",
    "title",
    "description",
    "pattern",
    "enum",
    "const",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "additionalProperties",
    "required",
    "properties",
    "items",
)


def names_in_order(schema: Mapping[str, Any]) -> list[str]:
    """The names of the properties in the order somebody gave them; unlisted ones come last."""
    listed, names = schema.get(ORDER), list(schema.get("properties", {}))
    if not isinstance(listed, list):
        return names
    first = [name for name in listed if name in names]
    return [*dict.fromkeys(first), *(name for name in names if name not in first)]


def keep_order(schema: Any) -> Any:
    """A copy that remembers the order in which its properties stand now."""
    if not isinstance(schema, Mapping):
        return schema
    kept = _descended(schema, keep_order)
    names = schema.get("properties")
    if isinstance(names, Mapping) and len(names) > 1:
        kept[ORDER] = names_in_order(schema)
    return kept


def in_order(schema: Any) -> Any:
    """A copy as a person would write it: properties in their order, keywords in a fixed one."""
    if not isinstance(schema, Mapping):
        return schema
    kept = _descended(schema, in_order)
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: kept["properties"][name] for name in names_in_order(schema)}
    kept.pop(ORDER, None)
    return {key: kept[key] for key in sorted(kept, key=_place)}


def _place(key: str) -> tuple[int, str]:
    return (_KEYWORDS.index(key) if key in _KEYWORDS else len(_KEYWORDS), key)


def _descended(schema: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """The schema with every schema inside it changed, and its plain values left alone."""
    changed = {}
    for key, value in schema.items():
        if key in _SCHEMA_KEYS:
            changed[key] = change(value)
        elif key in _LIST_KEYS and isinstance(value, list):
            changed[key] = [change(one) for one in value]
        elif key in _MAP_KEYS and isinstance(value, Mapping):
            changed[key] = {name: change(one) for name, one in value.items()}
        else:
            changed[key] = value
    return changed
