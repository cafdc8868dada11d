"""Connections that are checked where they are made and end when their time is over.

The address is looked up, checked and connected to in one step, so a name that changes between
check and connect changes nothing. TLS and the Host header keep the name.
"""

import ipaddress
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore2

from reviews.addresses import AllowEntry, Refused, check_address, parse_allow_list

# Shorter than the five seconds after which common servers drop an idle connection:
# a request lost to that race would count as sent, answer unknown.
_KEEP_ALIVE = 4.0
_WRITE_AT_ONCE = 64 * 1024
_ADDRESSES_TRIED = 3


@dataclass
class Attempt:
    """One request under way: the deadline is for all of it, so a slow drip ends as well."""

    deadline: float
    began: bool = False

    def remaining(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time for the whole request is over")
        return left


_attempt: ContextVar[Attempt] = ContextVar("outbound_attempt")


@contextmanager
def attempting(timeout: float) -> Iterator[Attempt]:
    attempt = Attempt(deadline=time.monotonic() + timeout)
    token = _attempt.set(attempt)
    try:
        yield attempt
    finally:
        _attempt.reset(token)


def connection_pool(allow: Iterable[str]) -> httpcore2.ConnectionPool:
    """The open connections of this process (none crosses a fork) under this allow-list."""
    return _pool(os.getpid(), tuple(allow))


@lru_cache(maxsize=4)
def _pool(_process: int, allow: tuple[str, ...]) -> httpcore2.ConnectionPool:
    return httpcore2.ConnectionPool(
        ssl_context=httpcore2.default_ssl_context(),
        network_backend=CheckedBackend(parse_allow_list(allow)),
        keepalive_expiry=_KEEP_ALIVE,
        max_connections=100,
        max_keepalive_connections=20,
    )


class CheckedBackend(httpcore2.NetworkBackend):
    """Connects to addresses that passed the check, and to nothing else."""

    def __init__(self, allow: tuple[AllowEntry, ...]) -> None:
        self._allow = allow
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError("the name has no address")
        for address in self._checked_addresses(host, port)[:_ADDRESSES_TRIED]:
            left = _attempt.get().remaining()
            try:
                return WatchedStream(self._sockets.connect_tcp(address, port, left))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        raise Refused("Handrail sends to no local socket.")

    def _checked_addresses(self, host: str, port: int) -> list[str]:
        """All of them must pass: a public address beside a private one is how rebinding looks."""
        addresses = _resolve(host, port)
        for address in addresses:
            check_address(
                host=host, address=ipaddress.ip_address(address), port=port, allow=self._allow
            )
        return addresses


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"the name cannot be resolved: {error}") from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class WatchedStream(httpcore2.NetworkStream):
    """A connection that keeps the deadline of the request using it, and notes that it began."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _attempt.get().remaining())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        attempt = _attempt.get()
        for start in range(0, len(buffer), _WRITE_AT_ONCE):
            left = attempt.remaining()
            attempt.began = True
            self._stream.write(buffer[start : start + _WRITE_AT_ONCE], left)

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _attempt.get().remaining()
        return WatchedStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
