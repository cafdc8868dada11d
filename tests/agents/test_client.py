import asyncio
import json
from decimal import Decimal

import pytest
from handrail_client import AsyncHandrail, Handrail, ProblemError, Unreachable

from tests.agents.scripted import ACTION, APPROVED, PENDING


def test_open_sends_the_contract_and_reads_the_case(server, handrail):
    server.answer(201, PENDING | {"a_field_of_tomorrow": 1})
    case = handrail.open(
        "refunds", idempotency_key="k1", action=ACTION, value=Decimal("900.00"), confidence=0.7
    )
    command, path, headers, body = server.requests[0]
    assert (command, path) == ("POST", "/api/v1/cases")
    assert headers["Authorization"] == "Bearer hr_test_secret"
    assert headers["Idempotency-Key"] == "k1"
    assert json.loads(body) == {
        "workflow": "refunds",
        "action": ACTION,
        "value": "900.00",
        "confidence": 0.7,
    }
    assert (case.id, case.pending, case.needs_human, case.allowed) == ("case_1", True, True, False)


@pytest.mark.parametrize(
    "first",
    [
        "hang up",
        (429, {"Retry-After": "0.1"}, {"title": "Slow down"}),
        (503, {}, b"<html>upstream</html>"),
        (409, {}, {"type": "https://handrail.example/problems/idempotency-in-flight"}),
    ],
)
def test_a_create_is_repeated_with_the_same_key_until_answered(server, handrail, first):
    server.answers.append(first)
    server.answer(200, PENDING, Idempotency_Replayed="true")
    case = handrail.open("refunds", action=ACTION)
    keys = {headers["Idempotency-Key"] for _, _, headers, _ in server.requests}
    assert len(server.requests) == 2
    assert len(keys) == 1
    assert case.replayed


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_a_refusal_is_raised_at_once_with_its_pointers(server, handrail, status):
    errors = [{"pointer": "/data/amount", "detail": "is no number"}]
    problem = {"type": "x", "title": "Invalid", "detail": "One field", "errors": errors}
    server.answer(status, problem)
    with pytest.raises(ProblemError) as refusal:
        handrail.open("refunds", action=ACTION)
    assert (refusal.value.status, refusal.value.errors) == (status, errors)
    assert "/data/amount: is no number" in str(refusal.value)
    assert len(server.requests) == 1


def test_patience_ends_in_unreachable(server):
    server.close()
    with Handrail(server.url, key="k", patience=0.5) as client, pytest.raises(Unreachable):
        client.get("case_1")


def test_wait_holds_until_the_case_leaves_pending(server, handrail):
    server.answer(200, PENDING, Retry_After="0.05")
    server.answer(200, APPROVED)
    case = handrail.wait("case_1", timeout=30)
    assert case.decision.type == "approve"
    assert [headers["Prefer"] for _, _, headers, _ in server.requests] == ["wait=30", "wait=30"]


def test_wait_gives_the_pending_case_back_at_its_deadline(server, handrail):
    for _ in range(4):
        server.answer(200, PENDING, Retry_After="0.2")
    assert handrail.wait("case_1", timeout=0.3).pending


def test_ask_returns_what_may_run_with_the_reviewers_changes(server, handrail):
    edited = {"name": "refund", "args": {"order": "R-100001", "amount": "90.00"}}
    server.answer(201, PENDING)
    server.answer(200, APPROVED | {"decision": {"type": "edit", "edited_action": edited}})
    assert handrail.ask("refunds", action=ACTION, timeout=10).action_to_run == edited


def test_an_approval_lets_the_proposed_action_run(server, handrail):
    server.answer(201, APPROVED | {"lane": "auto"})
    case = handrail.ask("refunds", action=ACTION, timeout=10)
    assert case.action_to_run == ACTION
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"decision": {"type": "reject"}},
        {"decision": {"type": "respond", "message": "no need"}},
        {"decision": {"type": "approve_partly"}},
        {"status": "expired", "decision": {"type": "approve"}},
        {"status": "decided", "decision": None},
        {"status": "something_new", "decision": {"type": "approve"}},
        {"reversed_at": "2026-11-25T09:00:00Z"},
    ],
)
def test_anything_but_a_plain_yes_is_a_no(server, handrail, answer):
    server.answer(200, APPROVED | answer)
    case = handrail.get("case_1")
    assert not case.allowed
    assert case.action_to_run is None


@pytest.mark.parametrize(("lane", "needed"), [("human", True), ("auto", False), (None, True)])
def test_gate_asks_for_a_human_unless_the_lane_is_automatic(server, handrail, lane, needed):
    server.answer(201, PENDING | {"lane": lane})
    assert handrail.gate("refunds", action=ACTION) is needed


def test_a_number_that_json_lacks_never_leaves_the_agent(server, handrail):
    with pytest.raises(ValueError):
        handrail.open("refunds", action=ACTION, confidence=float("nan"))
    assert server.requests == []


def test_the_asynchronous_client_holds_many_cases_at_once(server):
    async def ask_twice():
        async with AsyncHandrail(server.url, key="k", patience=5) as client:
            case = await client.ask("refunds", action=ACTION, timeout=5)
            return case, await client.gate("refunds", action=ACTION)

    server.answers.append("hang up")
    server.answer(201, PENDING)
    server.answer(200, APPROVED)
    server.answer(201, PENDING)
    case, needed = asyncio.run(ask_twice())
    assert case.action_to_run == ACTION
    assert needed is True
