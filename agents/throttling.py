"""So many calls a minute as a key, or a person, may make; a key without a limit costs nothing to
ask."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from agents.models import AgentKey

WINDOW_SECONDS = 60


class MinuteThrottle(BaseThrottle):
    """Counted in the cache, which all web processes share, by the minute of the clock."""

    def limit_of(self, request: Request) -> tuple[str, int] | None:
        """Who is counted, and how many calls they may make."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = self.limit_of(request)
        if limit is None:
            return True
        who, most = limit
        name = f"calls:{who}:{int(time.time()) // WINDOW_SECONDS}"
        cache.add(name, 0, timeout=2 * WINDOW_SECONDS)
        try:
            return cache.incr(name) <= most
        except ValueError:
            # The entry was thrown out between the two: the cache is full or was emptied.
            return True

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


class KeyThrottle(MinuteThrottle):
    def limit_of(self, request: Request) -> tuple[str, int] | None:
        key = request.auth
        if not isinstance(key, AgentKey) or key.calls_per_minute is None:
            return None
        return str(key.pk), key.calls_per_minute


class PersonThrottle(MinuteThrottle):
    """By person: another token gives nobody more calls."""

    def limit_of(self, request: Request) -> tuple[str, int]:
        return f"person:{request.user.pk}", settings.PERSON_CALLS_PER_MINUTE
