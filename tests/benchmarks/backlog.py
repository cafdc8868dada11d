"""A million open reviews: what a page of the queue costs against one of a thousand, and fifty
reviewers who take what is next at once."""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
from django.db import connection

from config.trial.place import ROOT
from reviews.models import Case
from tests.benchmarks.filling import copies_of
from tests.benchmarks.grounds import database, served_site
from tests.benchmarks.load import Load, put
from tests.benchmarks.postgres import pgbench
from tests.benchmarks.results import Goal, Row, absolute, compared, in_turns
from tests.benchmarks.scene import Agent, session_of
from tests.building import build_house, person

FEW, MANY = 1_000, 1_000_000
REVIEWERS = 50
PROCESSES = 2
SECONDS = 4.0
CLAIM_TABLE = f"""
CREATE TABLE bench_open AS
SELECT n AS id, 1 AS queue, 'OPEN' AS state, (n % 2) * 10 AS priority,
    now() + random() * interval '30 days' AS due_at, NULL::int AS claimed_by
FROM generate_series(1, {MANY}) n;
ALTER TABLE bench_open ADD PRIMARY KEY (id);
CREATE INDEX ON bench_open (queue, priority DESC, due_at, id) WHERE state = 'OPEN';
"""
PLAIN_CLAIM = """
UPDATE bench_open SET state = 'CLAIMED', claimed_by = :client_id WHERE id = (
    SELECT id FROM bench_open WHERE queue = 1 AND state = 'OPEN'
    ORDER BY priority DESC, due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
"""


def measure() -> list[Row]:
    house = build_house()
    reviewers = [person(f"claimer.{n}", house.extra["team"]) for n in range(REVIEWERS)]
    case = Case.objects.get(pk=Agent(house).open(confidence=0.5).removeprefix("case_"))
    cookie = f"sessionid={session_of(house.one)}"
    few = os.environ["DATABASE_URL"]
    # A template must have no other session.
    connection.close()
    connection.close_pool()
    name = f"{connection.settings_dict['NAME']}_many"
    with database(few, name=name, template=connection.settings_dict["NAME"]) as many:
        for url, count in [(few, FEW), (many, MANY)]:
            copies_of(case, count=count, url=url)
        page = queue_page(few, many, cookie=cookie)
        return [page, *claims(many, [reviewer.pk for reviewer in reviewers])]


def queue_page(few: str, many: str, *, cookie: str) -> Row:
    """p50 of one client's page of 50 rows, from two sites that differ in their database alone."""

    def page_of(address: str) -> float:
        port = urlsplit(address).port or 80
        load = Load(port, "/queues/refunds/", clients=1, seconds=2, headers={"Cookie": cookie})
        return put(load).must_be(200).milliseconds["p50"]

    with (
        served_site(workers=1, environment={"DATABASE_URL": few}) as small,
        served_site(workers=1, environment={"DATABASE_URL": many}) as large,
    ):
        page_of(small), page_of(large)
        pairs = in_turns(lambda: page_of(large), lambda: page_of(small))
    goal = Goal("at most", must=1.5, aim=1.2)
    return compared("queue page, 1 M over 1 k open", pairs, unit="ms", goal=goal)


def claims(url: str, reviewers: list[int]) -> list[Row]:
    with psycopg.connect(url, autocommit=True) as tables:
        tables.execute(CLAIM_TABLE)
        tables.execute("VACUUM ANALYZE bench_open")
    taken: list[str] = []

    def ours() -> float:
        claimed = _claimed_by_all(url, reviewers)
        taken.extend(claimed)
        return len(claimed) / SECONDS

    def plain() -> float:
        return pgbench(PLAIN_CLAIM, clients=REVIEWERS, seconds=SECONDS, url=url)

    ours()
    pairs = in_turns(ours, plain)
    goal = Goal("at least", must=0.15, aim=0.3)
    note = (
        f"{REVIEWERS} reviewers in {PROCESSES} processes, 12 connections each, as web workers are"
    )
    rate = compared("claim-next, 50 reviewers, 1 M open", pairs, unit="/s", goal=goal, note=note)
    doubles = len(taken) - len(set(taken))
    twice = absolute(
        "claim-next, claimed twice",
        doubles,
        unit="reviews",
        goal=Goal("at most", must=0, aim=0),
        note=f"{len(taken):,} claims in all",
    )
    return [rate, twice]


def _claimed_by_all(url: str, reviewers: list[int]) -> list[str]:
    """The reviews that were claimed in SECONDS, as often as they were."""
    command = [sys.executable, "-m", "tests.benchmarks.claimers", str(SECONDS)]
    running = [
        subprocess.Popen(
            [*command, *map(str, reviewers[number::PROCESSES])],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise RuntimeError("The reviewers ended with an error.")
    return [review for one in said for review in json.loads(one)]
