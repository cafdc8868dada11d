"""Many cases in one call: a turn's calls together, and a bulk line by line."""

import json

import pytest

from agents.models import AgentKey
from reviews.chains import stored_chains
from reviews.models import Case, OutcomeRun, Review
from reviews.verification import faults
from tests.building import proposal
from tests.deciding import events, take_and_decide
from workflows import prepared

pytestmark = pytest.mark.django_db
URL = "/api/v1/cases/batch"


def post(agent, cases, **headers):
    headers = {"Authorization": f"Bearer {agent.key}"} | headers
    return agent.http.post(
        URL, data={"cases": cases}, content_type="application/json", headers=headers
    )


def bulk(agent, lines, **headers):
    text = b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    )
    headers = {"Authorization": f"Bearer {agent.key}"} | headers
    answer = agent.http.post(URL, data=text, content_type="application/x-ndjson", headers=headers)
    if answer.status_code != 200:
        return answer
    assert answer["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.splitlines()]


def keyed(number, **changes):
    return proposal(**changes) | {"idempotency_key": f"call-{number}"}


class TestTurn:
    def test_the_calls_of_a_turn_are_opened_together_as_a_group(self, house, agent):
        answer = post(agent, [keyed(1), keyed(2, confidence=0.5), keyed(3)])
        assert answer.status_code == 201, answer.content
        body = answer.json()
        assert [case["lane"] for case in body["data"]] == ["auto", "human", "auto"]
        found = agent.get(f"/api/v1/cases?group={body['group_id']}").json()["data"]
        assert {case["id"] for case in found} == {case["id"] for case in body["data"]}

    def test_a_repeat_finds_the_same_cases_and_the_same_group(self, house, agent):
        first = post(agent, [keyed(1), keyed(2)])
        again = post(agent, [keyed(1), keyed(2)])
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json() == first.json() and Case.objects.count() == 2

    def test_one_key_of_the_whole_batch_will_do(self, house, agent):
        cases = [proposal(), proposal(amount="91.00")]
        first = post(agent, cases, **{"Idempotency-Key": "turn-1"})
        again = post(agent, cases, **{"Idempotency-Key": "turn-1"})
        assert first.status_code == 201 and again.json() == first.json()
        assert post(agent, cases).status_code == 400

    def test_one_bad_call_opens_none_and_says_which(self, house, agent):
        answer = post(agent, [keyed(1), keyed(2, data={"order": "A1"}), keyed(3, confidence=7)])
        assert answer.status_code == 422
        assert "/cases/2/confidence" in [row["pointer"] for row in answer.json()["errors"]]
        answer = post(agent, [keyed(1), keyed(2, data={"order": "A1"})])
        assert [row["pointer"] for row in answer.json()["errors"]] == ["/cases/1/data/amount"]
        assert not Case.objects.exists() and not OutcomeRun.objects.exists()

    def test_an_unknown_workflow_opens_none(self, house, agent):
        answer = post(agent, [keyed(1), keyed(2, workflow="none-such")])
        assert answer.status_code == 404 and "Case 1" in answer.json()["detail"]
        assert not Case.objects.exists()

    def test_the_agents_own_group_is_kept_and_two_are_refused(self, house, agent):
        one, two = {"group_id": "g1"}, {"group_id": "g2"}
        mixed = post(agent, [keyed(1, correlation=one), keyed(2, correlation=two)])
        assert mixed.status_code == 422
        own = post(agent, [keyed(1, correlation=one), keyed(2, correlation=one)])
        assert own.json()["group_id"] == "g1"

    def test_a_batch_is_a_call_and_no_id(self, house, agent):
        assert agent.get(URL).status_code == 405
        for wrong in ({}, {"cases": []}, {"cases": [1]}, [], {"cases": [keyed(1)] * 101}):
            answer = agent.http.post(
                URL,
                data=json.dumps(wrong),
                content_type="application/json",
                headers={"Authorization": f"Bearer {agent.key}"},
            )
            assert answer.status_code == 422, wrong

    def test_cases_of_a_batch_are_walked_and_recorded_like_any(self, house, agent, commit):
        post(agent, [keyed(1), keyed(2, confidence=0.5)])
        take_and_decide(house.one)
        for case in Case.objects.all():
            assert {"case.received", "case.decided", "outcome.scheduled"} <= set(events(case))
        assert [fault for chain in stored_chains() for fault in faults(chain)] == []


class TestBulk:
    def test_good_lines_are_kept_and_bad_ones_told(self, house, agent):
        results = bulk(
            agent,
            [
                keyed(1),
                b"{not json",
                b"",
                keyed(2, confidence=0.5),
                keyed(3, data={"order": "A1"}),
                proposal(),
                keyed(4, workflow="none-such"),
                b'"text"',
                keyed(5) | {"idempotency_key": 7},
                keyed(6, summary="x\x00y"),
            ],
        )
        assert [(row["line"], row["status"]) for row in results] == [
            (1, 201),
            (2, 400),
            (4, 201),
            (5, 422),
            (6, 400),
            (7, 404),
            (8, 400),
            (9, 400),
            (10, 422),
        ]
        assert results[3]["problem"]["errors"][0]["pointer"] == "/data/amount"
        made = [row["id"] for row in results if row["status"] == 201]
        assert made == [case.public_id for case in Case.objects.order_by("id")]
        assert results[2]["case_status"] == "pending" and results[2]["lane"] == "human"
        assert Review.objects.get().queue == house.queue

    def test_a_bulk_sent_again_makes_nothing_new(self, house, agent):
        lines = [keyed(number, confidence=0.5) for number in range(5)]
        first, again = bulk(agent, lines), bulk(agent, lines)
        assert [row["id"] for row in again] == [row["id"] for row in first]
        assert {row["status"] for row in again} == {200} and Case.objects.count() == 5

    def test_one_key_twice_in_a_bulk_is_one_case(self, house, agent):
        results = bulk(agent, [keyed(1), keyed(1), keyed(1, amount="91.00")])
        assert [row["status"] for row in results] == [201, 200, 422]
        assert results[1]["id"] == results[0]["id"] and Case.objects.count() == 1
        assert results[2]["problem"]["type"].endswith("idempotency-key-reused")

    def test_the_columns_of_a_bulk_are_those_of_a_single_case(self, house, agent):
        """Whatever is written by column is written as one by one: texts, money, times, arrays."""
        body = proposal(
            confidence=0.5,
            value="90.00",
            expires_at="2031-01-01T00:00:00Z",
            risk={"score": 0.25, "categories": ["a", 'b"\\']},
            correlation={"run_id": "r,{}"},
            callback={"url": "https://agent.example/cb"},
        )
        single = agent.post(body).json()
        (line,) = bulk(agent, [body | {"idempotency_key": "k"}])
        other = agent.get(f"/api/v1/cases/{line['id']}").json()
        differing = {"id", "review_url", "created_at"}
        assert {k: v for k, v in single.items() if k not in differing} == {
            k: v for k, v in other.items() if k not in differing
        }
        one, two = Case.objects.order_by("id")
        same = [
            f.attname
            for f in Case._meta.concrete_fields
            if f.attname not in ("id", "created_at", "callback_url_encrypted")
        ]
        assert [getattr(one, name) for name in same] == [getattr(two, name) for name in same]
        assert one.callback_url == two.callback_url
        first, second = (Review.objects.get(case=case) for case in (one, two))
        assert first.excluded_users == second.excluded_users == [house.owner.pk]

    def test_more_lines_than_fit_are_told_and_those_before_are_kept(
        self, house, agent, monkeypatch
    ):
        monkeypatch.setattr("agents.api.bulk.MOST_LINES", 3)
        results = bulk(agent, [keyed(number) for number in range(6)])
        assert [row["status"] for row in results] == [201, 201, 201, 413]
        assert Case.objects.count() == 3

    def test_a_line_may_be_as_large_as_a_case_and_no_larger(self, house, agent):
        huge = keyed(2, metadata={"x": "y" * 1024 * 1024})
        results = bulk(agent, [keyed(1), huge, keyed(3)])
        assert [row["status"] for row in results] == [201, 413, 201]

    def test_more_bytes_than_fit_are_told_and_the_lines_before_are_kept(
        self, house, agent, monkeypatch
    ):
        monkeypatch.setattr("agents.api.bulk.MOST_BYTES", 3_000)
        monkeypatch.setattr("agents.api.bulk.READ_BYTES", 1_000)
        statuses = [row["status"] for row in bulk(agent, [keyed(n) for n in range(20)])]
        assert set(statuses[:-1]) == {201} and statuses[-1] == 413
        assert Case.objects.count() == len(statuses) - 1 > 0

    def test_lines_travel_whatever_their_ends_are_and_in_whatever_pieces(
        self, house, agent, monkeypatch
    ):
        monkeypatch.setattr("agents.api.bulk.READ_BYTES", 100)
        monkeypatch.setattr("agents.api.bulk.CHUNK_LINES", 2)
        lines = [json.dumps(keyed(number)).encode() + b"\r" for number in range(5)]
        assert [row["status"] for row in bulk(agent, lines)] == [201] * 5

    def test_a_key_that_may_not_create_posts_no_lines(self, house, agent):
        AgentKey.objects.update(scopes=["cases:read"])
        assert bulk(agent, [keyed(1)]).status_code == 403


def test_what_is_the_same_for_all_of_a_chunk_is_asked_once():
    def now():
        return prepared.fetch_once("now", "SELECT clock_timestamp()")

    with prepared.remembering():
        first = now()
        assert now() == first
    assert now() != first
    assert now() != now()
