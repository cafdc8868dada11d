"""Looking once more before sending: the target is read again and compared with what it was when
somebody decided. Pure but for the one request."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from reviews.outcomes import Failed, Outcome, Retry, Stale, Succeeded, http_request
from reviews.outcomes.template import Json, Rendered, fill, render
from workflows.pointers import ABSENT, PointerError, read

EXCERPT = 256 * 1024
LONGEST_SHOWN = 200


def rendered(template: Mapping[str, Json], document: Mapping[str, Json]) -> dict[str, Json]:
    """What is read, and what it must say by JSON pointer. Raises TemplateError."""
    given = {name: template[name] for name in ("url", "headers") if name in template}
    request = render({"method": "GET", **given}, document)
    expected = {pointer: fill(value, document) for pointer, value in template["expect"].items()}
    return {"url": request.url, "headers": request.headers, "expected": expected}


def check(
    precondition: Mapping[str, Any], *, secrets: Callable[[str], str], key: str, **how: Any
) -> Outcome | None:
    """None when the target is what it was. What cannot be read again is not sent."""
    request = Rendered("GET", precondition["url"], precondition["headers"], b"")
    outcome = http_request.deliver(
        request, secrets=secrets, idempotency_key=f"{key}-read", excerpt=EXCERPT, **how
    )
    words = "Read again before sending: "
    if isinstance(outcome, Retry):
        return Retry(words + outcome.words, outcome.after)
    if not isinstance(outcome, Succeeded) or outcome.reply is None:
        return Failed(words + getattr(outcome, "words", "no answer"))
    try:
        found = json.loads(outcome.reply.body_excerpt)
    except ValueError:
        return Failed(f"{words}the answer is no JSON, or too long.")
    differences = compare(precondition["expected"], found)
    return Stale(in_words(differences), tuple(differences)) if differences else None


def compare(expected: Mapping[str, Any], found: Any) -> list[dict[str, Any]]:
    """[{"pointer", "from", "to"}]; 120 and "120" are not the same here, nor is what is gone."""
    differences = []
    for pointer, value in expected.items():
        there = _value(found, pointer)
        if there is ABSENT or type(there) is not type(value) or there != value:
            now = None if there is ABSENT else there
            differences.append({"pointer": pointer, "from": value, "to": now})
    return differences


def in_words(differences: list[dict[str, Any]]) -> str:
    told = [f"{d['pointer']} was {_shown(d['from'])}, is {_shown(d['to'])}" for d in differences]
    return f"The target changed since it was decided: {'; '.join(told)}."


def _value(document: Any, pointer: str) -> Any:
    try:
        return read(document, pointer)
    except PointerError:
        return ABSENT


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
