"""What every adapter shares: no framework runs what nobody approved."""

import asyncio
import json

import pytest
from handrail_client import AsyncHandrail, action_digest
from handrail_client.adapters.desk import AsyncDesk, Desk, ToolCall, Undecided

from tests.agents.scripted import ACTION, APPROVED, PENDING

CALL = ToolCall(key=("test", "run", "call"), action=ACTION)
SMALLER = {"name": "refund", "args": ACTION["args"] | {"amount": "90.00"}}


def decided(type, action=None, **more):
    decision = {"type": type, "by": "reviewer", "decided_by": [{"id": "u_7"}], **more}
    told = {} if action is None else {"action_digest": action_digest(action)}
    return APPROVED | told | {"decision": decision | ({"action": action} if action else {})}


@pytest.fixture
def desk(handrail):
    return Desk("refunds", handrail=handrail, timeout=5)


def answer(server, desk, case, call=CALL):
    server.answer(201, {"data": [PENDING]})
    server.answer(200, case)
    (answer,) = desk.ask([call])
    return answer


def test_an_approval_of_this_very_call_lets_it_run(server, desk):
    said = answer(server, desk, decided("approve", ACTION))
    assert (said.type, said.action, said.by) == ("approve", ACTION, "u_7")


def test_an_edit_runs_what_the_reviewer_made_of_it(server, desk):
    said = answer(server, desk, decided("edit", SMALLER, edited_action=SMALLER))
    assert (said.type, said.edited_action) == ("edit", SMALLER)


def test_approving_a_revised_proposal_edits_the_call_that_is_held_back(server, desk):
    assert answer(server, desk, decided("approve", SMALLER)).type == "edit"


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (decided("reject", message="no"), "no"),
        (decided("reject"), "did not approve"),
        (decided("something_new"), "did not approve"),
        (APPROVED | {"status": "expired", "decision": {"type": "reject"}}, "in time"),
        (PENDING | {"status": "cancelled"}, "withdrawn"),
        (decided("approve", ACTION) | {"reversed_at": "now"}, "taken back"),
        (decided("approve", ACTION) | {"action_digest": "sha-256:other"}, "Another proposal"),
    ],
)
def test_anything_else_runs_nothing_and_says_why(server, desk, case, words):
    said = answer(server, desk, case)
    assert (said.type, said.action) == ("reject", None)
    assert words in said.message


def test_an_answer_with_a_shape_of_its_own_is_also_told_in_words(server, desk):
    said = answer(server, desk, decided("respond", response={"colour": "blue"}))
    assert (said.type, said.message) == ("respond", '{"colour": "blue"}')


@pytest.mark.parametrize("status", ["pending", "needs_info"])
def test_what_nobody_has_decided_is_asked_again_later(server, handrail, status):
    server.answer(201, {"data": [PENDING]})
    server.answer(200, PENDING | {"status": status})
    with pytest.raises(Undecided) as waiting:
        Desk("refunds", handrail=handrail, timeout=0).ask([CALL])
    assert [case.status for case in waiting.value.cases] == [status]


@pytest.mark.parametrize(
    ("case", "is_held"),
    [
        (decided("approve", ACTION) | {"lane": "auto"}, False),
        (decided("approve", ACTION), True),  # a person has decided meanwhile: still held
        (decided("reject") | {"lane": "auto"}, True),
        (decided("approve", SMALLER) | {"lane": "auto"}, True),
        (PENDING | {"lane": None}, True),
    ],
)
def test_a_gate_lets_only_a_plain_automatic_yes_pass(server, desk, case, is_held):
    server.answer(201, case)
    assert desk.gate(CALL) is is_held


def test_the_calls_of_a_turn_are_opened_together_and_what_they_are_cannot_be_changed(server):
    async def ask():
        async with AsyncHandrail(server.url, key="k", patience=5) as handrail:
            desk = AsyncDesk(
                lambda call: f"for-{call.action['name']}",
                handrail=handrail,
                fields=lambda call: {"confidence": 0.5, "action": {"name": "harmless"}},
            )
            return await desk.ask([CALL, CALL])

    server.answer(201, {"data": [PENDING, PENDING | {"id": "case_2"}]})
    server.answer(200, decided("approve", ACTION))
    server.answer(200, decided("approve", ACTION))
    assert [said.type for said in asyncio.run(ask())] == ["approve", "approve"]
    assert server.requests[0][1] == "/api/v1/cases/batch"
    cases = json.loads(server.requests[0][3])["cases"]
    assert [(case["workflow"], case["action"]) for case in cases] == [("for-refund", ACTION)] * 2
    assert cases[0]["confidence"] == 0.5
