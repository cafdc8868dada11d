"""What an agent tells afterwards and what it learns from people, as the server answers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Receipt:
    """`flags` says what does not fit the approval: not_approved, other_action, ran_twice."""

    matches: bool
    flags: tuple[str, ...]
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person made of a proposal. `cursor` is the place to go on from."""

    cursor: str
    type: str
    case: str
    proposed: Any
    final: Any
    message: str
    reason_code: str
    raw: Mapping[str, Any] = field(repr=False)


def receipt_from(document: Mapping[str, Any]) -> Receipt:
    flags = tuple(map(str, document.get("flags") or ()))
    return Receipt(bool(document.get("matches")), flags, document)


def correction_from(document: Mapping[str, Any]) -> Correction:
    texts = {
        name: str(document.get(name) or "")
        for name in ("cursor", "type", "case", "message", "reason_code")
    }
    return Correction(
        proposed=document.get("proposed"), final=document.get("final"), raw=document, **texts
    )
