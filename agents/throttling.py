"""So many calls a minute as a key may make; a key without a limit costs nothing to ask."""

import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from agents.models import AgentKey

WINDOW_SECONDS = 60


class KeyThrottle(BaseThrottle):
    """Counted in the cache, which all web processes share, by the minute of the clock."""

    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, AgentKey) or key.calls_per_minute is None:
            return True
        window = int(time.time()) // WINDOW_SECONDS
        name = f"calls:{key.pk}:{window}"
        cache.add(name, 0, timeout=2 * WINDOW_SECONDS)
        try:
            return cache.incr(name) <= key.calls_per_minute
        except ValueError:
            # The entry was thrown out between the two: the cache is full or was emptied.
            return True

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
