"""Where the agent's words and its action do not say the same: amounts, currencies, recipients.

Pure, and careful: only what the words plainly name is compared, so that a warning means something.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from workflows.decimals import is_decimal

MOST: Final = 8
LONGEST: Final = 20_000
_SIGNS: Final = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "Fr.": "CHF"}
_CODES: Final = frozenset(
    ("EUR USD GBP CHF JPY CNY INR AUD CAD SEK NOK DKK PLN CZK HUF BRL MXN ZAR SGD HKD KRW").split()  # noqa: SIM905
)
_POINT: Final = re.compile(r"(?:\d{1,3}(?:,\d{3})*|\d+)(?:\.\d+)?")
_COMMA: Final = re.compile(r"(?:\d{1,3}(?:\.\d{3})*|\d+)(?:,\d+)?")
_CURRENCY: Final = r"€|\$|£|¥|₹|Fr\.|\b[A-Z]{3}\b"
_NUMBER: Final = r"(?<![\w.,])[0-9][0-9.,'\u00a0 ]*[0-9]|(?<![\w.,])[0-9]"
_AMOUNT: Final = re.compile(
    rf"(?P<before>{_CURRENCY})\s?(?P<n1>{_NUMBER})|(?P<n2>{_NUMBER})\s?(?P<after>{_CURRENCY})"
)
_RECIPIENT: Final = re.compile(
    r"[\w.+-]+@(?:[\w-]+\.)+\w{2,}|\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`said` stands in the words; the action has `instead`. `kind` is amount, currency or
    recipient."""

    kind: str
    said: str
    instead: str


def contradictions(
    words: str, action: Mapping[str, Any] | None, *, currency: str = ""
) -> list[Contradiction]:
    """What the words name and the action does not hold, at most a handful."""
    if action is None:
        return []
    texts = [text for text in _texts(action.get("args", {})) if len(text) <= LONGEST]
    words = words[:LONGEST]
    found = [*_amounts(words, texts), *_currencies(words, texts, currency)]
    found += _recipients(words, texts)
    return list(dict.fromkeys(found))[:MOST]


def _amounts(words: str, texts: list[str]) -> Iterator[Contradiction]:
    held = {Decimal(text): text for text in texts if is_decimal(text)}
    money = [text for text in texts if is_decimal(text) and "." in text] or list(held.values())
    for match in _AMOUNT.finditer(words):
        code, number = _read(match)
        if code and number is not None and held and not number & set(held):
            yield Contradiction("amount", match[0].strip(), ", ".join(money[:3]))


def _currencies(words: str, texts: list[str], currency: str) -> Iterator[Contradiction]:
    held = {text for text in texts if text in _CODES} or ({currency} if currency else set())
    for match in _AMOUNT.finditer(words):
        code, _number = _read(match)
        if code and held and code not in held:
            yield Contradiction("currency", match[0].strip(), ", ".join(sorted(held)))


def _recipients(words: str, texts: list[str]) -> Iterator[Contradiction]:
    held = {_plain(found) for text in texts for found in _RECIPIENT.findall(text)}
    for match in _RECIPIENT.findall(words):
        like = {one for one in held if ("@" in one) == ("@" in match)}
        if like and _plain(match) not in like:
            yield Contradiction("recipient", match, ", ".join(sorted(like)[:3]))


def _read(match: re.Match[str]) -> tuple[str, set[Decimal] | None]:
    sign = match["before"] or match["after"]
    code = _SIGNS.get(sign, sign)
    return (code if code in _CODES else ""), _readings(match["n1"] or match["n2"])


def _readings(number: str) -> set[Decimal] | None:
    """1.234 is one thousand to some and one to others: every reading counts."""
    plain = re.sub(r"['\u00a0 ]", "", number)
    found = set()
    if _POINT.fullmatch(plain):
        found.add(Decimal(plain.replace(",", "")))
    if _COMMA.fullmatch(plain):
        found.add(Decimal(plain.replace(".", "").replace(",", ".")))
    return found or None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield repr(value)


def _plain(recipient: str) -> str:
    return recipient.replace(" ", "").casefold()
