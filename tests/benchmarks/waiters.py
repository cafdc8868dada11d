"""Two thousand agents held by one process (`Prefer: wait=50`): what the others notice of them,
and how soon all have learnt their decision."""

import json
import os
import subprocess
import sys
import time
from statistics import median
from urllib.parse import urlsplit

import httpx2
import psycopg

from config.trial.place import ROOT
from reviews.models import Case, Decision
from tests.benchmarks.filling import copies_of, id_of
from tests.benchmarks.grounds import served_room
from tests.benchmarks.load import Load, put
from tests.benchmarks.results import Goal, Row, absolute, compared
from tests.benchmarks.scene import Agent
from tests.building import House, build_house

WAITERS = 2000
PAIRS = 5
CLIENTS = 8
SECONDS = 3.0
# Two thousand decisions in one transaction: the worst moment for who waits.
DECIDE = f"""
WITH decided AS (
    UPDATE reviews_case SET state = 'DECIDED', verdict = 'approve', decided_at = now(),
        version = version + 1
    WHERE id = ANY(%(cases)s) RETURNING id
)
INSERT INTO {Decision._meta.db_table} (id, case_id, visit_id, by, reviewer_id, verdict, standing,
    changes, reason_code, message, revision, digest, created_at)
SELECT gen_random_uuid(), visit.case_id, visit.id, 'reviewer', %(reviewer)s, 'approve', 'COUNTS',
    '[]', '', '', 1, '', now()
FROM reviews_visit visit JOIN decided ON decided.id = visit.case_id
"""


def measure() -> list[Row]:
    house = build_house()
    case = Case.objects.get(pk=Agent(house).open(confidence=0.5).removeprefix("case_"))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        copies_of(case, count=PAIRS * WAITERS, url=os.environ["DATABASE_URL"])
        with served_room() as address:
            crowd = Crowd(house, case, address, database)
            crowd.others()
            measured = [crowd.round(number) for number in range(PAIRS)]
    goal = Goal("at least", must=0.8, aim=0.95)
    pairs = [(held, alone) for held, alone, _ in measured]
    learnt = median(seconds for _, _, seconds in measured)
    return [
        compared("others while 2,000 wait", pairs, unit="/s", goal=goal),
        absolute(
            "2,000 decided at once, last has learnt",
            learnt,
            unit="s",
            note="in one transaction, the worst moment for who waits; no goal is agreed",
        ),
    ]


class Crowd:
    def __init__(
        self, house: House, case: Case, address: str, database: psycopg.Connection
    ) -> None:
        self.house, self.case, self.database = house, case, database
        self.address = address
        self.authorization = {"Authorization": f"Bearer {house.key}"}

    def others(self) -> float:
        load = Load(
            port=urlsplit(self.address).port or 80,
            path=f"/api/v1/cases/{self.case.public_id}",
            clients=CLIENTS,
            seconds=SECONDS,
            headers=self.authorization,
        )
        return put(load).must_be(200).rate

    def round(self, number: int) -> tuple[float, float, float]:
        """Throughput of others with waiters and without, and seconds until all have learnt."""
        alone = self.others()
        cases = self._cases(number)
        waiting = self._wait_for(cases)
        held = self.others()
        self.database.execute(DECIDE, {"cases": cases, "reviewer": self.house.one.pk})
        decided_at = time.monotonic()
        said = json.loads(waiting.communicate(timeout=60)[0])
        if said["decided"] != WAITERS:
            raise RuntimeError(f"Of {WAITERS} waiters {said['decided']} learnt their decision.")
        return held, alone, said["last_at"] - decided_at

    def _cases(self, number: int) -> list[str]:
        ids = f"SELECT {id_of(Case, '(%(first)s + n)')} FROM generate_series(0, %(last)s) n"
        values = {"first": number * WAITERS, "last": WAITERS - 1}
        return [str(row[0]) for row in self.database.execute(ids, values)]

    def _wait_for(self, cases: list[str]) -> subprocess.Popen:
        """Waiters in another process, once the site holds them all."""
        waiting = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.crowd"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert waiting.stdin is not None and waiting.stdout is not None
        port = urlsplit(self.address).port
        json.dump({"port": port, "key": self.house.key, "cases": cases}, waiting.stdin)
        waiting.stdin.close()
        waiting.stdin = None
        if waiting.stdout.readline().strip() != "asked":
            raise RuntimeError("The waiters could not ask.")
        # Asked after them, so answered when the site has taken them in.
        httpx2.get(f"{self.address}/health/live", trust_env=False, timeout=60)
        return waiting
