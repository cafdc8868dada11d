"""The request of an outcome rule, rendered from data; values are copied, never pasted as code.

A template is JSON: `{"$ref": "/data/amount"}` copies the value at that JSON pointer of the
document (case, data, action, ai_output, decision), with `"default"` for one that may be missing;
a header may be `{"$secret": "ledger", "prefix": "Bearer "}`; the URL may hold `{/data/order}`
in its path and query.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import rfc8785

from reviews.addresses import parse_url
from reviews.network import Refused, check_headers
from workflows.pointers import ABSENT, PointerError, read

Json = Any
HeaderValue = str | dict[str, str]
MASK = "••••••"
IDEMPOTENCY_HEADER = "idempotency-key"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
ORIGIN = re.compile(r"https?://[^/?#]*")
METHODS_WITHOUT_BODY = ("GET", "HEAD")


class TemplateError(Exception):
    """The request cannot be rendered from this case; the message says which value is to blame."""


@dataclass(frozen=True)
class Rendered:
    """One request as it was approved: the bytes that are stored, shown, hashed and sent."""

    method: str
    url: str
    headers: dict[str, HeaderValue]
    body: bytes
    # What the target is asked before, and what it must then answer.
    precondition: dict[str, Json] | None = None

    def as_bytes(self) -> bytes:
        """Canonical JSON of the whole request; secrets are named in it, never held."""
        content = {
            "method": self.method,
            "url": self.url,
            "headers": self.headers,
            "body": self.body.decode(),
        }
        if self.precondition is not None:
            content["precondition"] = self.precondition
        return _canonical(content)

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Rendered":
        values = json.loads(bytes(stored))
        return cls(
            values["method"],
            values["url"],
            values["headers"],
            values["body"].encode(),
            values.get("precondition"),
        )

    @property
    def digest(self) -> str:
        return f"sha-256:{hashlib.sha256(self.as_bytes()).hexdigest()}"

    def as_shown(self) -> dict[str, Json]:
        """For people: every value that will be sent, a secret by its name alone."""
        shown: dict[str, Json] = {
            "method": self.method,
            "url": self.url,
            "headers": _masked(self.headers),
            "body": self.body.decode(),
        }
        if self.precondition is not None:
            masked = _masked(self.precondition["headers"])
            shown["precondition"] = {**self.precondition, "headers": masked}
        return shown


def _masked(headers: Mapping[str, HeaderValue]) -> dict[str, str]:
    return {
        name: value
        if isinstance(value, str)
        else f"{value.get('prefix', '')}{MASK} (secret {value['$secret']})"
        for name, value in headers.items()
    }


def render(template: Mapping[str, Json], document: Mapping[str, Json]) -> Rendered:
    """The request for one case; raises TemplateError in words."""
    method = template.get("method", "POST")
    headers = {
        name: _header(name, value, document) for name, value in template.get("headers", {}).items()
    }
    body = b""
    if "body" in template and method not in METHODS_WITHOUT_BODY:
        body = _canonical(fill(template["body"], document))
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
    return Rendered(method, _url(template["url"], document), headers, body)


def fill_secrets(
    headers: Mapping[str, HeaderValue], lookup: Callable[[str], str]
) -> dict[str, str]:
    """The headers as they are sent; the only moment at which a secret's value is in them."""
    return {
        name: value if isinstance(value, str) else _secret(name, value, lookup)
        for name, value in headers.items()
    }


def mask(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK) if secret else text
    return text


def instruction(value: Json) -> str | None:
    """The `$…` key that makes an object an instruction, or None for plain data."""
    if not isinstance(value, Mapping):
        return None
    return next((key for key in value if str(key).startswith("$")), None)


def fill(node: Json, document: Mapping[str, Json]) -> Json:
    """The template with its references replaced; what was copied in is never read again."""
    match instruction(node):
        case "$ref":
            return _reference(node, document)
        case None if isinstance(node, Mapping):
            return {key: fill(value, document) for key, value in node.items()}
        case None if isinstance(node, list):
            return [fill(value, document) for value in node]
        case None:
            return node
        case unknown:
            raise TemplateError(f"{unknown} is not an instruction of a body.")


def _reference(reference: Mapping[str, Json], document: Mapping[str, Json]) -> Json:
    value = _value(reference["$ref"], document)
    if value is not ABSENT:
        return value
    if "default" in reference:
        return reference["default"]
    raise TemplateError(f"The case has no value at {reference['$ref']}.")


def _value(pointer: str, document: Mapping[str, Json]) -> Json:
    try:
        return read(document, pointer)
    except PointerError as error:
        raise TemplateError(str(error)) from error


def _header(name: str, value: Json, document: Mapping[str, Json]) -> HeaderValue:
    if instruction(value) == "$secret":
        return {key: value[key] for key in ("$secret", "prefix") if key in value}
    text = scalar(fill(value, document), place=f"the header {name}")
    if name.lower() == IDEMPOTENCY_HEADER:
        raise TemplateError(f"The header {name} is set by Handrail itself.")
    try:
        check_headers({name: text})
    except Refused as error:
        raise TemplateError(str(error)) from error
    return text


def _secret(name: str, value: Mapping[str, str], lookup: Callable[[str], str]) -> str:
    try:
        return value.get("prefix", "") + lookup(value["$secret"])
    except LookupError as error:
        raise TemplateError(
            f"The header {name} needs the secret {value['$secret']!r}, which does not exist."
        ) from error


def _url(template: str, document: Mapping[str, Json]) -> str:
    """Values fill the path and query alone, encoded, so the host stays the template's."""
    origin = ORIGIN.match(template)
    if origin is None or "{" in origin[0]:
        raise TemplateError("The URL must begin with http:// or https:// and a fixed host.")
    path, mark, query = template[origin.end() :].partition("?")
    filled = PLACEHOLDER.sub(lambda found: _path_part(found[1], document), path)
    filled += mark + PLACEHOLDER.sub(lambda found: _url_value(found[1], document), query)
    try:
        parse_url(origin[0] + filled)
    except Refused as error:
        raise TemplateError(str(error)) from error
    return origin[0] + filled


def _path_part(pointer: str, document: Mapping[str, Json]) -> str:
    value = _url_value(pointer, document)
    # /loans/{id} with an empty id is all loans, and servers differ on when they
    # decode %2F and resolve dots.
    if not value or re.search(r"(^|/|\\)\.{1,2}($|/|\\)", unquote(value)):
        raise TemplateError(f"The value at {pointer} cannot be part of a path.")
    return value


def _url_value(pointer: str, document: Mapping[str, Json]) -> str:
    text = scalar(_reference({"$ref": pointer}, document), place=f"the URL, from {pointer}")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise TemplateError(f"The value at {pointer} holds a control character.")
    return quote(text, safe="")


def scalar(value: Json, *, place: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return _canonical(value).decode()
    raise TemplateError(f"A value for {place} must be a text or a number.")


def _canonical(value: Json) -> bytes:
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise TemplateError(f"The request cannot be written as JSON: {error}.") from error
