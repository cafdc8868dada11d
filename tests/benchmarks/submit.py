"""Cases posted by 16 agents at once, each with auth, schema, triggers, proposal, audit chain."""

import json
from urllib.parse import urlsplit

from django.db import connection

from tests.benchmarks.grounds import served_site
from tests.benchmarks.load import Load, put
from tests.benchmarks.postgres import pgbench
from tests.benchmarks.results import Goal, Row, compared, in_turns
from tests.building import build_house, proposal

CLIENTS = 16
SECONDS = 4.0
PAYLOAD = 1024
TABLES = """
CREATE TABLE bench_case (id bigint PRIMARY KEY, agent int, state text, data jsonb, at timestamptz);
CREATE INDEX ON bench_case (agent, id);
CREATE TABLE bench_proposal (id bigserial PRIMARY KEY, case_id bigint, action jsonb);
CREATE TABLE bench_review (id bigserial PRIMARY KEY, case_id bigint, queue int, state text);
CREATE INDEX ON bench_review (queue, id) WHERE state = 'OPEN';
CREATE TABLE bench_audit (id bigserial PRIMARY KEY, case_id bigint, body bytea, hash bytea);
"""
FOUR_STATEMENTS = """
\\set case random(1, 9000000000000000000)
BEGIN;
INSERT INTO bench_case VALUES
    (:case, 1, 'IN_REVIEW', jsonb_build_object('x', repeat('x', 1024)), now());
INSERT INTO bench_proposal (case_id, action) VALUES (:case, '{"name": "refund"}');
INSERT INTO bench_review (case_id, queue, state) VALUES (:case, 1, 'OPEN');
INSERT INTO bench_audit (case_id, body, hash) VALUES
    (:case, convert_to(repeat('x', 300), 'UTF8'), sha256('x'));
COMMIT;
"""


def measure() -> list[Row]:
    house = build_house()
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    with served_site() as address:
        load = Load(
            port=urlsplit(address).port or 80,
            path="/api/v1/cases",
            method="POST",
            clients=CLIENTS,
            seconds=SECONDS,
            headers={"Authorization": f"Bearer {house.key}", "Content-Type": "application/json"},
            body=json.dumps(padded(proposal(confidence=0.5))),
        )
        put(load)
        pairs = in_turns(
            lambda: put(load).must_be(201).rate,
            lambda: pgbench(FOUR_STATEMENTS, clients=CLIENTS, seconds=SECONDS),
        )
    goal = Goal("at least", must=0.10, aim=0.18)
    return [compared("submit, 16 clients", pairs, unit="/s", goal=goal)]


def padded(body: dict) -> dict:
    missing = PAYLOAD - len(json.dumps(body))
    body["data"]["reason"] = body["data"].get("reason", "") + "x" * missing
    return body
