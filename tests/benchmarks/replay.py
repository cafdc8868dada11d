"""A draft over a hundred thousand past cases, as the worker does it."""

import os
import time

from reviews.models import Case, Replay
from reviews.services.publishing import new_draft
from reviews.services.replays import run_replay
from tests.benchmarks.filling import copies_of
from tests.benchmarks.results import Goal, Row, absolute
from tests.benchmarks.scene import Agent
from tests.building import build_house

CASES = 100_000


def measure() -> list[Row]:
    house = build_house()
    case = Case.objects.get(pk=Agent(house).open(confidence=0.5).removeprefix("case_"))
    copies_of(case, count=CASES - 1, url=os.environ["DATABASE_URL"])
    draft = new_draft(house.workflow, by=house.admin)
    gate = draft.stages.get(key="approval").gate
    gate.triggers.create(kind="EXPRESSION", expression="data.amount > 5000", position=9)
    replay = Replay.objects.create(release=draft, by=house.admin)
    started = time.monotonic()
    run_replay(replay.pk)
    rate = CASES / (time.monotonic() - started)
    done = Replay.objects.get(pk=replay.pk)
    if (done.state, done.result["cases"]) != ("DONE", CASES):
        raise RuntimeError(f"The replay is {done.state} after {done.done} cases.")
    goal = Goal("at least", must=5_000, aim=20_000)
    return [absolute(f"replay of {CASES:,} cases", rate, unit="cases/s", goal=goal)]
