"""How many outcomes one worker of two processes runs a second, out of a full queue."""

import time
from collections.abc import Callable

from django.db import transaction

from reviews.models import OutcomeRun
from tests.benchmarks.celery_noop import noop_ignored
from tests.benchmarks.reaction import Decider
from tests.benchmarks.results import Goal, Row, compared, in_turns
from tests.benchmarks.scene import house_with_receiver
from tests.benchmarks.workers import NOOP, OURS, Workers, both_workers

OUTCOMES = 200
NOOPS = 1000


class AutomaticLane(Decider):
    confidence = 0.99


def measure() -> list[Row]:
    with house_with_receiver() as (house, receiver), both_workers() as workers:
        lane = AutomaticLane(house, receiver)

        def send_ours() -> None:
            with transaction.atomic():
                for _ in range(OUTCOMES):
                    lane.open()

        def send_noops() -> None:
            for _ in range(NOOPS):
                noop_ignored.delay()

        def ours() -> float:
            return rate(workers, OURS, send_ours, OUTCOMES)

        def noops() -> float:
            return rate(workers, NOOP, send_noops, NOOPS)

        ours(), noops()
        pairs = in_turns(ours, noops)
        _all_must_have_run()
    goal = Goal("at least", must=0.35, aim=0.6)
    return [compared("outcomes, a worker of 2", pairs, unit="/s", goal=goal)]


def rate(workers: Workers, queue: str, send: Callable[[], None], count: int) -> float:
    """The queue is filled while the worker stands still."""
    workers.pause(queue)
    send()
    started = time.perf_counter()
    workers.resume(queue)
    workers.wait_until_done(queue)
    return count / (time.perf_counter() - started)


def _all_must_have_run() -> None:
    left = OutcomeRun.objects.exclude(state=OutcomeRun.State.SUCCEEDED).count()
    if left:
        raise RuntimeError(f"{left} outcomes did not run.")
