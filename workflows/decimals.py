"""Money as it travels: a plain decimal string outside, `Decimal` inside."""

import re
from decimal import Decimal
from typing import Final

# Digits before and after the point: what a numeric(21, 6) column holds, and what no longer
# fits a JSON number exactly.
_PLAIN: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)
WORDS: Final = (
    'a plain decimal number such as "1500.00" '
    "(at most 15 digits before and 6 after the point, no exponent)"
)


def is_decimal(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None


def decimal_of(value: object) -> Decimal | None:
    """The number behind a JSON value, or None where only a person can tell."""
    if isinstance(value, str):
        return Decimal(value) if is_decimal(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    return number if number.is_finite() else None
