"""Why a person is asked, in a sentence: numbers and foreign text as a reviewer reads them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from workflows.pointers import parts

LONGEST_QUOTE: Final = 80
# A risk of 1e308 is a number too, but no reviewer reads three hundred digits.
LARGEST_PLAIN: Final = Decimal("1e21")
MOST_PLACES: Final = 12


@dataclass(frozen=True, slots=True)
class Reason:
    detail: str
    numbers: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def quote(text: object) -> str:
    """What an agent wrote, on one line and short: it must not take over the sentence."""
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


def name_of(pointer: str) -> str:
    """A field in words: "/data/income" is "income", "/action/args/term_months" "term months"."""
    named = [part for part in parts(pointer) if not part.isdigit()] or [pointer]
    return quote(named[-1].replace("_", " "))


def plain(number: Decimal) -> str:
    """Exact, without exponent, with two decimals or more: "1800.00"."""
    if abs(number) >= LARGEST_PLAIN:
        return f"{number:.3e}"
    return f"{number:.{_places(number)}f}"


def shown(number: Decimal, *, beside: Decimal) -> str:
    """As short as can be, and still visibly on its side of the number it is compared with."""
    if abs(number) >= LARGEST_PLAIN:
        return f"{number:.3e}"
    for places in range(_places(beside), MOST_PLACES):
        text = f"{number:,.{places}f}"
        rounded = Decimal(text.replace(",", ""))
        if rounded != beside and (rounded < beside) == (number < beside):
            return text
    return plain(number)


def grouped(number: Decimal) -> str:
    return f"{number:,.{_places(number)}f}"


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return min(max(2, -exponent if isinstance(exponent, int) else 2), 20)


def compared(
    observed: Decimal, how: str, limit: Decimal, *, what: str = "", unit: str = ""
) -> Reason:
    left, right = shown(observed, beside=limit), grouped(limit)
    return Reason(
        f"{what}{left} {how} {right} {unit}".rstrip(),
        {"observed": plain(observed), "threshold": plain(limit)},
    )


def unfinished(what: str) -> Reason:
    """A rule saved without what it needs asks a human rather than letting everything pass."""
    return Reason(f"this rule has no {what} yet", problem=f"the trigger has no {what}")
