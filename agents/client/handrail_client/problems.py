"""What the server refuses, as RFC 9457 tells it."""

import json
from collections.abc import Sequence
from typing import Any, TypedDict


class FieldError(TypedDict):
    pointer: str
    detail: str


class ProblemError(Exception):
    """The server understood the request and refused it; repeating it unchanged is no use."""

    def __init__(
        self,
        *,
        status: int,
        type: str = "about:blank",
        title: str = "",
        detail: str = "",
        errors: Sequence[FieldError] = (),
    ) -> None:
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        super().__init__(self._as_sentence())

    def _as_sentence(self) -> str:
        words = f"{self.status} {self.detail or self.title or 'refused'}"
        fields = "; ".join(f"{error['pointer']}: {error['detail']}" for error in self.errors)
        return f"{words} ({fields})" if fields else words


def problem_from(status: int, body: bytes) -> ProblemError:
    """Reads a problem document; a proxy's HTML page becomes a problem of that status too."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return ProblemError(status=status, detail=body[:200].decode(errors="replace"))
    return ProblemError(
        status=status,
        type=str(document.get("type", "about:blank")),
        title=str(document.get("title", "")),
        detail=str(document.get("detail", "")),
        errors=_field_errors(document.get("errors")),
    )


def _field_errors(errors: Any) -> list[FieldError]:
    if not isinstance(errors, list):
        return []
    return [
        {"pointer": str(error.get("pointer", "")), "detail": str(error.get("detail", ""))}
        for error in errors
        if isinstance(error, dict)
    ]
