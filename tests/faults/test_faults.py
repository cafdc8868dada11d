"""Processes die in the middle of work, and what was decided happens once all the same."""

import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.promises import broken_promises
from tests.faults.stack import Stack, running_stack

pytestmark = pytest.mark.faults
LONG = os.environ.get("HANDRAIL_FAULTS") == "long"
SEEDS = [int(seed) for seed in os.environ.get("HANDRAIL_FAULTS_SEEDS", "1 2 3").split()]
PATIENCE = 120.0


@pytest.fixture(scope="module")
def stack():
    # Not pytest's own folder: the address of a PostgreSQL socket must be short.
    directory = Path(tempfile.mkdtemp(prefix="faults-"))
    with running_stack(directory) as running:
        yield running
    shutil.rmtree(directory)


class Driver:
    def __init__(self, stack: Stack, batch: str, *, cases: int, seed: int) -> None:
        self.stack, self.batch, self.cases = stack, batch, cases
        command = ["tests.faults.driver", batch, f"--cases={cases}", f"--seed={seed}"]
        self._process = stack.open("driver", command, stdout=subprocess.PIPE)

    def is_working(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, holds, *, what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert self._process.poll() in (None, 0), self.stack.log("driver")
            assert time.monotonic() < deadline, f"never happened: {what}"
            time.sleep(0.02)

    def end(self) -> dict:
        """What was confirmed to the agent and its reviewers."""
        said, _ = self._process.communicate(timeout=PATIENCE)
        assert self._process.returncode == 0, self.stack.log("driver")
        return json.loads(said)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def broken_promises(self, said: dict) -> list[str]:
        return broken_promises(self.stack, self.batch, cases=self.cases, confirmed=said["verdicts"])


@contextmanager
def work(stack, batch, *, cases, seed=1):
    driver = Driver(stack, batch, cases=cases, seed=seed)
    try:
        yield driver
    finally:
        driver.stop()


def count(stack, where):
    return stack.ask(f"SELECT count(*) FROM reviews_outcomerun WHERE {where}")[0][0]


def test_a_worker_killed_in_the_middle_of_a_request_leaves_it_done_once(stack):
    before = stack.ledger()
    with work(stack, "kill", cases=16) as driver:
        # Booked, and not answered for another moment.
        driver.wait_until(lambda: stack.ledger()["requests"] > before["requests"], what="a request")
        stack.kill("worker")
        assert count(stack, "state = 'RUNNING'") > 0
        stack.start("worker")
        said = driver.end()
        assert driver.broken_promises(said) == []
    assert stack.ledger()["replays"] > before["replays"]


def test_a_broker_that_forgets_everything_loses_no_outcome(stack):
    stack.pause("worker")
    with work(stack, "forget", cases=16) as driver:
        said = driver.end()
        assert count(stack, "state = 'PENDING'") > 0
        stack.pause("beat")
        assert stack.broker.empty() > 0
        stack.resume("beat")
        stack.resume("worker")
        assert driver.broken_promises(said) == []


def test_a_database_restarted_under_load_loses_no_decision(stack):
    with work(stack, "restart", cases=30) as driver:
        for booked in (3, 10):
            driver.wait_until(
                lambda booked=booked: done(stack, "restart") >= booked, what="some work"
            )
            stack.restart_postgres()
        said = driver.end()
        assert said["failures"] > 0
        assert driver.broken_promises(said) == []


def done(stack, batch):
    query = "SELECT count(*) FROM reviews_case WHERE external_id LIKE %s AND state = 'COMPLETED'"
    return stack.ask(query, f"{batch}-%")[0][0]


def restart(*names):
    def hurt(stack):
        for name in names:
            stack.kill(name)
        time.sleep(0.2)
        for name in names:
            stack.start(name)

    return hurt


HURTS = {
    "worker killed": restart("worker"),
    "clock killed": restart("beat"),
    "worker and clock killed": restart("worker", "beat"),
    "broker emptied": lambda stack: stack.broker.empty(),
    "database restarted": lambda stack: stack.restart_postgres(),
    "ledger killed": restart("ledger"),
}


@pytest.mark.skipif(not LONG, reason="long schedules run in make faults")
@pytest.mark.parametrize("seed", SEEDS)
def test_any_schedule_of_faults_loses_nothing_and_runs_nothing_twice(stack, seed):
    chance = random.Random(seed)
    suffered = []
    with work(stack, f"seed{seed}", cases=150, seed=seed) as driver:
        while driver.is_working() or len(suffered) < 8:
            time.sleep(chance.uniform(0.2, 2.0))
            suffered.append(chance.choice(sorted(HURTS)))
            HURTS[suffered[-1]](stack)
        said = driver.end()
        assert driver.broken_promises(said) == [], f"seed {seed}: {suffered}"
