"""The one way out: every request that leaves Handrail is sent here.

Redirects are not followed and proxies of the environment not used: both would lead past the
check of the address.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpcore2

from reviews.addresses import Refused, parse_url
from reviews.connections import Attempt, attempting, connection_pool

__all__ = ["NotSent", "Outbound", "Refused", "Reply", "Unanswered", "check_headers", "send"]

DEFAULT_TIMEOUT = 15.0
LONGEST_BODY_READ = 1024 * 1024
EXCERPT = 4096
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
# Whoever sets these decides where a request ends or where it goes.
CLIENT_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")
_BROKEN = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError)


class NotSent(Exception):
    """Certainly nothing was processed: no byte of the request left."""


class Unanswered(Exception):
    """The request left, wholly or in part, and nobody knows what became of it."""


@dataclass(frozen=True)
class Outbound:
    """`timeout` is for the whole request, in seconds, from the look-up to the last byte read.

    Address, headers and body hold secrets, so a traceback or a log shows none of them.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False, default=b"")
    timeout: float = DEFAULT_TIMEOUT
    # How much of the answer is kept.
    excerpt: int = EXCERPT


@dataclass(frozen=True)
class Reply:
    """Header names are in lower case; the excerpt is text that PostgreSQL can store."""

    status: int
    headers: Mapping[str, str]
    body_excerpt: str
    duration: float


def send(request: Outbound, *, allow: Sequence[str] = ()) -> Reply:
    """Send once and return what came back, whatever its status.

    `allow` names the hosts, host:port pairs and networks that may be reached although they are
    not public. Raises Refused, NotSent or Unanswered, in words that never hold the path of the
    URL: callback addresses are secrets.
    """
    core_request = _build(request)
    started = time.monotonic()
    with attempting(request.timeout) as attempt:
        try:
            response = connection_pool(allow).handle_request(core_request)
        except _BROKEN as error:
            raise _failure(error, core_request.url.host.decode(), attempt) from error
        excerpt = _read(response, most=request.excerpt)
    headers = {name.decode("latin-1").lower(): _text(value) for name, value in response.headers}
    return Reply(response.status, headers, excerpt, duration=time.monotonic() - started)


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what could smuggle in another header or request; raises Refused in words."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise Refused(f"{name!r} is not a header name.")
        if name.lower() in CLIENT_HEADERS:
            raise Refused(f"The header {name} is set by Handrail itself.")
        if not _HEADER_VALUE.fullmatch(value):
            raise Refused(
                f"The value of the header {name} holds a line break, another control character, "
                "a space at its edge or a letter outside ASCII."
            )


def _build(request: Outbound) -> httpcore2.Request:
    if request.method not in METHODS:
        raise Refused(f"The method {request.method!r} is not one of {', '.join(METHODS)}.")
    check_headers(request.headers)
    target = parse_url(request.url)
    url = httpcore2.URL(
        scheme=target.scheme, host=target.host, port=target.port, target=target.path_and_query
    )
    return httpcore2.Request(
        request.method,
        url,
        headers=_headers(request, authority=target.authority),
        content=request.body,
        extensions={"timeout": {"pool": request.timeout}},
    )


def _headers(request: Outbound, *, authority: str) -> dict[str, str]:
    given = {name.lower() for name in request.headers}
    ours = {
        "Host": authority,
        "User-Agent": "Handrail",
        "Accept": "*/*",
        # A compressed answer could unfold to any size.
        "Accept-Encoding": "identity",
    }
    if request.body or request.method in {"PATCH", "POST", "PUT"}:
        ours["Content-Length"] = str(len(request.body))
    kept = {name: value for name, value in ours.items() if name.lower() not in given}
    return kept | dict(request.headers)


def _failure(error: Exception, host: str, attempt: Attempt) -> NotSent | Unanswered:
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if attempt.began:
        return Unanswered(f"{host} was sent the request and gave no answer ({reason}).")
    return NotSent(f"{host} could not be reached ({reason}).")


def _read(response: httpcore2.Response, *, most: int) -> str:
    """The beginning of the body.

    The status is known by now and is the answer: a body that breaks off, drips or never ends
    only shortens what is kept of it.
    """
    kept, seen = b"", 0
    try:
        for chunk in response.iter_stream():
            kept += chunk[: most - len(kept)]
            seen += len(chunk)
            if seen >= LONGEST_BODY_READ:
                break
    except _BROKEN:
        pass
    finally:
        response.close()
    return _text(kept)


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
