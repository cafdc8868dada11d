"""What the server refuses, as RFC 9457 tells it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict


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


class BadRequest(ProblemError):
    """400: not what the contract says, whatever the case."""


class NotAuthenticated(ProblemError):
    """401: the key is unknown, revoked or expired."""


class NotAllowed(ProblemError):
    """403: the key lacks the scope."""


class NotFound(ProblemError):
    """404: no such thing, or another agent's."""


class Conflict(ProblemError):
    """409: not in this state of the case: decided already, not asked for, used up."""


class Gone(ProblemError):
    """410: expired, taken back or stopped; it will not come again."""


class TooLarge(ProblemError):
    """413."""


class Invalid(ProblemError):
    """422: `errors` points at every value that cannot be."""


class Throttled(ProblemError):
    """429, for longer than the client's patience."""


KINDS: Final[Mapping[int, type[ProblemError]]] = {
    400: BadRequest,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    422: Invalid,
    429: Throttled,
}


def problem_from(status: int, body: bytes) -> ProblemError:
    """Reads a problem document; a proxy's HTML page becomes a problem of that status too."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    kind = KINDS.get(status, ProblemError)
    if not isinstance(document, dict):
        return kind(status=status, detail=body[:200].decode(errors="replace"))
    return kind(
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
