"""The functions an expression may call: what they take, what they give, how they look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Signature:
    takes: tuple[frozenset[str], ...]
    result: str
    example: str


def _takes(*kinds: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(one.split("|")) for one in kinds)


_SIZED: Final = "text|list|object"

FUNCTIONS: Final[Mapping[str, Signature]] = {
    "size": Signature(_takes(_SIZED), "int", "size(data.items)"),
    "int": Signature(_takes("int|number|text|timestamp"), "int", "int(data.months)"),
    "double": Signature(_takes("int|number|text"), "number", "double(data.amount)"),
    "string": Signature(_takes("int|number|text|timestamp|duration"), "text", "string(x)"),
    "timestamp": Signature(_takes("text|timestamp"), "timestamp", "timestamp(data.opened_at)"),
    "duration": Signature(_takes("text|duration"), "duration", 'duration("24h")'),
}

_PART: Final = _takes("timestamp")
_SPAN: Final = _takes("timestamp|duration")

METHODS: Final[Mapping[str, Signature]] = {
    "size": Signature(_takes(_SIZED), "int", "data.items.size()"),
    "contains": Signature(_takes("text", "text"), "bool", 'data.name.contains("x")'),
    "startsWith": Signature(_takes("text", "text"), "bool", 'data.name.startsWith("x")'),
    "endsWith": Signature(_takes("text", "text"), "bool", 'data.name.endsWith("x")'),
    "matches": Signature(_takes("text", "text"), "bool", 'data.name.matches("^A[0-9]+$")'),
    "getFullYear": Signature(_PART, "int", "timestamp(data.at).getFullYear()"),
    "getMonth": Signature(_PART, "int", "timestamp(data.at).getMonth()"),
    "getDate": Signature(_PART, "int", "timestamp(data.at).getDate()"),
    "getDayOfMonth": Signature(_PART, "int", "timestamp(data.at).getDayOfMonth()"),
    "getDayOfWeek": Signature(_PART, "int", "timestamp(data.at).getDayOfWeek()"),
    "getDayOfYear": Signature(_PART, "int", "timestamp(data.at).getDayOfYear()"),
    "getHours": Signature(_SPAN, "int", "timestamp(data.at).getHours()"),
    "getMinutes": Signature(_SPAN, "int", "timestamp(data.at).getMinutes()"),
    "getSeconds": Signature(_SPAN, "int", "timestamp(data.at).getSeconds()"),
}

# How many arguments each loop takes.
MACROS: Final[Mapping[str, tuple[int, ...]]] = {
    "all": (2,),
    "exists": (2,),
    "exists_one": (2,),
    "filter": (2,),
    "map": (2, 3),
}
