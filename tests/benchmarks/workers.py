"""Celery workers of two processes: Handrail's, and one that does nothing, on the same Redis."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import psutil
import redis

from config.trial.parts import WORKER
from tests.benchmarks.celery_noop import app as noop_app
from tests.benchmarks.celery_noop import noop
from tests.benchmarks.grounds import running

PATIENCE = 60.0
OURS, NOOP = "celery", "noop"


class Workers:
    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._broker = redis.Redis.from_url(os.environ["REDIS_URL"])

    def pause(self, queue: str) -> None:
        for process in self._family(queue):
            process.suspend()

    def resume(self, queue: str) -> None:
        for process in self._family(queue):
            process.resume()

    def _family(self, queue: str) -> list[psutil.Process]:
        parent = psutil.Process(self._pids[queue])
        return [parent, *parent.children(recursive=True)]

    def wait_until_done(self, queue: str) -> None:
        """Nothing waits, and nothing that was taken is still to be acknowledged."""
        deadline = time.monotonic() + PATIENCE
        while self._broker.llen(queue) or self._broker.hlen("unacked"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"The queue {queue} is not done.")
            time.sleep(0.01)


@contextmanager
def both_workers() -> Iterator[Workers]:
    if not os.environ.get("REDIS_URL"):
        raise SystemExit("This scenario needs redis-server on the PATH.")
    idle = [*WORKER[:2], "tests.benchmarks.celery_noop", *WORKER[3:]]
    with running(WORKER) as ours, running(idle) as other:
        noop.delay().get(timeout=PATIENCE)
        _wait_for_two()
        yield Workers({OURS: ours.pid, NOOP: other.pid})


def _wait_for_two() -> None:
    deadline = time.monotonic() + PATIENCE
    while len(noop_app.control.ping(timeout=1) or []) < 2:
        if time.monotonic() > deadline:
            raise TimeoutError("The workers did not start.")


def noop_round_trip() -> float:
    started = time.perf_counter()
    noop.delay().get(timeout=PATIENCE)
    return (time.perf_counter() - started) * 1000


def p50(measure: Callable[[], float], *, times: int = 20) -> Callable[[], float]:
    return lambda: median(measure() for _ in range(times))
