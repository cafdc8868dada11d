"""JSON Schema (draft 2020-12): what agents and reviewers may send."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from workflows import decimals
from workflows.field_values import parse_field
from workflows.fields import Field, fields
from workflows.pointers import join

__all__ = [
    "CompiledSchema",
    "Field",
    "Problem",
    "SchemaError",
    "compile_schema",
    "fields",
    "parse_field",
]

# A document of a hundred thousand wrong items must not answer with as many sentences.
MOST_PROBLEMS: Final = 50
LONGEST_DETAIL: Final = 300
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class SchemaError(ValueError):
    """The schema itself is wrong; the message is a sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Problem:
    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    at: str
    validator: jsonschema_rs.Draft202012Validator = field(repr=False)

    def problems(self, document: object) -> list[Problem]:
        """Everything wrong with the document, up to MOST_PROBLEMS; nothing when it is valid."""
        try:
            if self.validator.is_valid(document):
                return []
            errors = list(islice(self.validator.iter_errors(document), MOST_PROBLEMS))
        except (ValueError, RecursionError) as error:
            return [Problem(self.at, f"cannot be read: {_short(str(error))}")]
        return [found for error in errors for found in _problems(error, self.at)][:MOST_PROBLEMS]


def compile_schema(schema: Mapping[str, Any], *, at: str = "") -> CompiledSchema:
    """Raise SchemaError for a schema that is broken or would have to be fetched."""
    if not isinstance(schema, Mapping):
        raise SchemaError("A JSON Schema is an object, such as {}.")
    if str(schema.get("$schema", DIALECT)).rstrip("#") != DIALECT:
        raise SchemaError(f'Only draft 2020-12 is read here: leave "$schema" out, or {DIALECT}.')
    for reference in _references(schema):
        if not reference.startswith("#"):
            raise SchemaError(
                f'"$ref": "{_short(reference)}" points outside this schema. '
                'Nothing is fetched: put it under "$defs" and point to it with "#/$defs/…".'
            )
    return CompiledSchema(at=at, validator=_validator(schema))


def _validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(
            dict(schema),
            validate_formats=True,
            formats={"decimal": decimals.is_decimal},
            offline=True,
            # The linear-time engine: a schema may come from an agent, and a pattern with
            # backtracking would let it hold a process.
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except jsonschema_rs.ValidationError as error:
        where = join(*error.instance_path) or "the schema"
        raise SchemaError(f"{where}: {_schema_words(error)}") from error
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"The schema cannot be read: {_short(str(error))}") from error


def _references(node: object) -> Iterator[str]:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            yield from (
                found[key] for key in ("$ref", "$dynamicRef") if isinstance(found.get(key), str)
            )
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def _schema_words(error: jsonschema_rs.ValidationError) -> str:
    last = str(error.instance_path[-1]) if error.instance_path else ""
    if last == "type":
        return f"{_quoted(error.instance)} is no JSON type (string, number, integer, …)"
    if last == "pattern":
        return (
            f"{_quoted(error.instance)} is no regular expression "
            "(look-around and back-references are not supported)"
        )
    return _short(error.message)


def _problems(error: jsonschema_rs.ValidationError, at: str) -> Iterator[Problem]:
    """The member itself is what has to be mended, also where its parent was found wanting."""
    where, kind = at + join(*error.instance_path), error.kind
    if kind.name == "required":
        yield Problem(where + join(kind.property), "is required")
    elif kind.name in ("additionalProperties", "unevaluatedProperties"):
        for name in islice(kind.unexpected, MOST_PROBLEMS):
            yield Problem(where + join(name), "is not known here")
    else:
        yield Problem(where, _words(error))


def _words(error: jsonschema_rs.ValidationError) -> str:
    if error.kind.name == "format" and error.kind.format == "decimal":
        return f"{_quoted(error.instance)} is not {decimals.WORDS}"
    if error.kind.name in ("oneOf", "anyOf") and isinstance(error.kind.context, list):
        nested = [inner.message for branch in error.kind.context for inner in branch][:4]
        return _short("fits none of the allowed forms: " + "; or ".join(nested))
    return _short(error.message)


def _quoted(instance: object) -> str:
    text = instance if isinstance(instance, str) else repr(instance)
    return f'"{text if len(text) <= 60 else text[:59] + "…"}"'


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"
