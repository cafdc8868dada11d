"""Two thousand agents held by one process, by long poll (`Prefer: wait=50`) and by event stream:
what the others notice of them, how soon all have learnt their decision, and what each weighs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final
from urllib.parse import urlsplit

import httpx2
import psycopg

from config.trial.place import ROOT
from reviews.models import AuditEntry, Case, Decision
from tests.benchmarks.filling import copies_of, id_of
from tests.benchmarks.grounds import served_room
from tests.benchmarks.load import Load, put
from tests.benchmarks.memory import heaviest_worker
from tests.benchmarks.results import Goal, Row, absolute, compared
from tests.benchmarks.scene import Agent
from tests.building import House, build_house

WAITERS = 2000
ROUNDS = 5
CLIENTS = 8
SECONDS = 3.0
KILOBYTE = 1000
WAYS: Final = ("long poll", "events")
# Two thousand decisions in one transaction: the worst moment for who waits.
DECIDE = f"""
WITH decided AS (
    UPDATE reviews_case SET state = 'DECIDED', verdict = 'approve', decided_at = now(),
        version = version + 1
    WHERE id = ANY(%(cases)s) RETURNING id
), told AS (
    INSERT INTO {AuditEntry._meta.db_table} (chain, position, event, at, case_id, actor, body, hash)
    SELECT 'case:' || replace(id::text, '-', ''), 1, 'case.decided', now(), id, 'system', '{{}}', ''
    FROM decided
)
INSERT INTO {Decision._meta.db_table} (id, case_id, visit_id, by, reviewer_id, verdict, standing,
    changes, opened, reason_code, message, revision, digest, created_at)
SELECT gen_random_uuid(), visit.case_id, visit.id, 'reviewer', %(reviewer)s, 'approve', 'COUNTS',
    '[]', '[]', '', '', 1, '', now()
FROM reviews_visit visit JOIN decided ON decided.id = visit.case_id
"""


@dataclass(frozen=True)
class Round:
    held: float
    alone: float
    # Seconds until each had learnt, from the commit on; in order.
    learnt: list[float]
    bytes_each: float


def measure() -> list[Row]:
    house = build_house()
    case = Case.objects.get(pk=Agent(house).open(confidence=0.5).removeprefix("case_"))
    rows = []
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        copies_of(case, count=len(WAYS) * ROUNDS * WAITERS, url=os.environ["DATABASE_URL"])
        for number, way in enumerate(WAYS):
            with served_room() as address:
                crowd = Crowd(house, case, address, database, way)
                crowd.others()
                first = number * ROUNDS
                rows += _rows(way, [crowd.round(first + each) for each in range(ROUNDS)])
    return rows


def _rows(way: str, rounds: Sequence[Round]) -> list[Row]:
    def share(part: float) -> float:
        return median(each.learnt[int(part * (WAITERS - 1))] for each in rounds)

    others = Goal("at least", must=0.8, aim=0.95)
    soon = Goal("at most", must=1, aim=0.5)
    pairs = [(each.held, each.alone) for each in rounds]
    return [
        compared(f"others while 2,000 are held, {way}", pairs, unit="/s", goal=others),
        absolute(f"2,000 decided at once, half know, {way}", share(0.5), unit="s"),
        absolute(
            f"2,000 decided at once, 99 % know, {way}",
            share(0.99),
            unit="s",
            goal=soon,
            note="decided in one transaction, the worst moment for who waits",
        ),
        absolute(f"2,000 decided at once, all know, {way}", share(1), unit="s"),
        # The first round warms up; later ones find memory that the one before left.
        absolute(f"memory of a waiter, {way}", rounds[0].bytes_each / KILOBYTE, unit="KB"),
    ]


class Crowd:
    def __init__(
        self, house: House, case: Case, address: str, database: psycopg.Connection, way: str
    ) -> None:
        self.house, self.case, self.database, self.way = house, case, database, way
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

    def round(self, number: int) -> Round:
        """Throughput of others with waiters and without, and how soon these learn."""
        alone = self.others()
        before = heaviest_worker(self.address)
        cases = self._cases(number)
        waiting = self._wait_for(cases)
        bytes_each = (heaviest_worker(self.address) - before) / WAITERS
        held = self.others()
        self.database.execute(DECIDE, {"cases": cases, "reviewer": self.house.one.pk})
        decided_at = time.monotonic()
        learnt_at = json.loads(waiting.communicate(timeout=90)[0])
        if None in learnt_at:
            raise RuntimeError(f"Of {WAITERS} waiters {learnt_at.count(None)} learnt nothing.")
        return Round(held, alone, sorted(at - decided_at for at in learnt_at), bytes_each)

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
        given = {"way": self.way, "port": port, "key": self.house.key, "cases": cases}
        json.dump(given, waiting.stdin)
        waiting.stdin.close()
        waiting.stdin = None
        if waiting.stdout.readline().strip() != "held":
            raise RuntimeError("The waiters could not ask.")
        # Asked after them, so answered when the site has taken them in; twice, because who
        # listens is caught up with what happened on the way in.
        for _ in range(2):
            httpx2.get(f"{self.address}/health/live", trust_env=False, timeout=60)
            time.sleep(0.5)
        return waiting
