"""Credentials that stand in a template in plain text, wherever they hide."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from workflows.definitions import Definition
from workflows.linter.findings import Finding, error, stages_of

# Names of headers, fields and parameters that carry a credential.
_NAMES: Final = re.compile(
    r"authorization|token|secret|api[-_]?key|password|passwd|cookie|signature$|credential",
    re.IGNORECASE,
)
# Texts that are one whatever they are called.
_VALUES: Final = re.compile(
    r"^(Bearer|Basic)\s+\S{8,}"
    r"|\b(sk|pk|rk)_(live|test)_\w{8,}"
    r"|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bwhsec_\S{8,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.",
)


def check_secrets(definition: Definition) -> Iterator[Finding]:
    for where, stage in stages_of(definition, "ACTION"):
        for rule in stage.get("outcomes", ()):
            for key in ("template", "compensation"):
                for place in _plain_secrets(rule.get(key), ""):
                    named = place if key == "template" else f"{place} of the compensation"
                    yield error(
                        f"{where}, {rule['title']}",
                        f"The {named} holds its secret in plain text: store it as a secret and "
                        'send it in a header, written {"$secret": "its-name"}, with "prefix": '
                        '"Bearer " if it has one.',
                    )


def _plain_secrets(value: Any, at: str) -> Iterator[str]:
    """Where they stand, in words."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = _place(at, str(key))
            # `$secret` and `$ref` say where a value is, and are none themselves.
            is_named = bool(at) and not str(key).startswith("$") and _NAMES.search(str(key))
            if is_named and isinstance(inner, str) and inner:
                yield here
            else:
                yield from _plain_secrets(inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from _plain_secrets(inner, at)
    elif isinstance(value, str) and (_VALUES.search(value) or (at == "url" and _in_url(value))):
        yield at


def _place(at: str, key: str) -> str:
    if not at:
        return key
    return f"header {key}" if at == "headers" else f"{at}/{key}"


def _in_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query)
    except ValueError:
        return False
    return bool(parts.password) or any(
        _NAMES.search(name) and value and not value.startswith("{") for name, value in query
    )
