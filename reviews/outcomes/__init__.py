"""What leaves the house: how a request is built, sent and its answer understood.

Plain values in, plain values out; `services/outcomes.py` keeps the rows.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reviews.network import Reply

DEFAULT_LADDER = (1, 5, 30, 120, 600)


@dataclass(frozen=True)
class Succeeded:
    reply: Reply | None = None


@dataclass(frozen=True)
class Retry:
    """Worth another attempt; `after` is the wait in seconds that the target asked for.

    `uncertain` means that the target may have done the work already.
    """

    words: str
    after: float | None = None
    uncertain: bool = False
    reply: Reply | None = None


@dataclass(frozen=True)
class Failed:
    """Another attempt would end the same way; `disables` means never send there again."""

    words: str
    disables: bool = False
    reply: Reply | None = None


@dataclass(frozen=True)
class Stale:
    """Not sent: the target is not what it was when it was decided. `differences` are
    {"pointer", "from", "to"}."""

    words: str
    differences: tuple[dict[str, Any], ...]
    reply: Reply | None = None


Outcome = Succeeded | Retry | Failed | Stale


def retry_delay(
    attempt: int,
    *,
    ladder: Sequence[float] = DEFAULT_LADDER,
    after: float | None = None,
    jitter: float = 0.2,
) -> float | None:
    """Seconds to wait after attempt number `attempt` (from 1); None when the ladder is used up.

    Jitter only lengthens, so that what failed together does not return together, and nobody
    returns before the moment the target asked for.
    """
    if attempt > len(ladder):
        return None
    wait = max(ladder[attempt - 1], after or 0.0)
    return wait * random.uniform(1.0, 1.0 + jitter)
