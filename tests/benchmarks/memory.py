"""What a web worker weighs after ten thousand requests of agents and reviewers."""

import itertools
import json
import os
from urllib.parse import urlsplit

import psutil

from tests.benchmarks.grounds import served_site
from tests.benchmarks.load import Load, put
from tests.benchmarks.results import Goal, Row, absolute
from tests.benchmarks.scene import Agent, session_of
from tests.building import build_house, proposal

REQUESTS = 10_000
SLICE = 3.0
CLIENTS = 8
MEGABYTE = 1_000_000


def measure() -> list[Row]:
    house = build_house()
    case = Agent(house).open(confidence=0.5)
    agent = {"Authorization": f"Bearer {house.key}"}
    posted = {**agent, "Content-Type": "application/json"}
    reviewer = {"Cookie": f"sessionid={session_of(house.one)}"}
    with served_site(workers=1) as address:
        port = urlsplit(address).port or 80
        kinds = [
            Load(port, "/api/v1/cases", CLIENTS, SLICE, "POST", posted, json.dumps(asked())),
            Load(port, f"/api/v1/cases/{case}", CLIENTS, SLICE, headers=agent),
            Load(port, "/", CLIENTS, SLICE, headers=reviewer),
        ]
        done = 0
        for load in itertools.cycle(kinds):
            done += put(load).count
            if done >= REQUESTS:
                break
        weight = heaviest_worker(address) / MEGABYTE
    goal = Goal("at most", must=180, aim=120)
    return [absolute(f"web worker after {done:,} requests", weight, unit="MB", goal=goal)]


def asked() -> dict:
    return proposal(confidence=0.5)


def heaviest_worker(address: str) -> float:
    """Resident size of the process that serves, a child of the one that was started."""
    port = f"--port={urlsplit(address).port}"
    started = next(
        child for child in psutil.Process(os.getpid()).children() if port in child.cmdline()
    )
    family = started.children(recursive=True)
    return max(process.memory_info().rss for process in family)
