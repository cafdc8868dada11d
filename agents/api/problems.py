"""Errors as RFC 9457 problems, mapped from exceptions once, here."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response

from agents.api import shapes
from workflows.schemas import Problem


class Unprocessable(exceptions.APIException):
    """The JSON is well formed and says something that cannot be; `problems` point at it."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "unprocessable"
    default_detail = "The request does not fit the contract."

    def __init__(self, problems: Sequence[Problem], detail: str | None = None) -> None:
        super().__init__(detail or self.default_detail)
        self.problems = problems


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too-large"


class Malformed(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "malformed"


class Conflict(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Gone(exceptions.APIException):
    status_code = status.HTTP_410_GONE
    default_code = "gone"


class InFlight(Conflict):
    """The one conflict that a client mends by asking again."""

    default_code = "idempotency-in-flight"


class KeyReused(Unprocessable):
    default_code = "idempotency-key-reused"
    default_detail = "This Idempotency-Key was used for another proposal."


def problems(*codes: int) -> dict[tuple[int, str], dict[str, Any]]:
    """How a call is documented to refuse."""
    return {(code, "application/problem+json"): shapes.PROBLEM for code in codes}


# What every call with a key may answer.
PROBLEMS = problems(400, 401, 403, 404, 415, 429)

TITLES = {
    400: "Malformed request",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    410: "Gone",
    413: "Too large",
    415: "Unsupported media type",
    422: "Does not fit the contract",
    429: "Too many requests",
    503: "Try again",
}
SLUGS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    415: "unsupported-media-type",
    429: "too-many-requests",
}


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None for what is a defect of ours: that is a 500 and a log."""
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here that this key may see.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        error.status_code = status.HTTP_401_UNAUTHORIZED
        headers["WWW-Authenticate"] = 'Bearer realm="handrail"'
    if isinstance(error, exceptions.Throttled) and error.wait:
        headers["Retry-After"] = str(int(error.wait) + 1)
    return Response(
        document(error),
        status=error.status_code,
        headers=headers,
        content_type="application/problem+json",
    )


def document(error: exceptions.APIException) -> dict[str, Any]:
    """The problem as it stands in a body."""
    body: dict[str, Any] = {
        "type": f"urn:handrail:problem:{slug_of(error)}",
        "title": TITLES.get(error.status_code, "Error"),
        "status": error.status_code,
        "detail": str(error.detail),
        "help": f"{settings.PUBLIC_URL}/api/problems/{slug_of(error)}",
    }
    if rows := getattr(error, "problems", ()):
        body["errors"] = [{"pointer": row.pointer, "detail": row.detail} for row in rows]
    return body


def slug_of(error: exceptions.APIException) -> str:
    """A problem's own name, or that of its status."""
    return getattr(error, "slug", "") or SLUGS.get(error.status_code) or error.default_code
