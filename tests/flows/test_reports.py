"""What an agent tells afterwards, and what it learns from what people changed."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from handrail_client.canonical import action_digest

from agents.models import AgentKey
from reviews.models import Label, Receipt
from reviews.services.reports import flag_never_ran
from tests.building import build_house, let_the_agent_act
from tests.conftest import AgentClient
from tests.deciding import case_of, events, fresh, take_and_decide
from workflows.models import Agent

pytestmark = pytest.mark.django_db
DIGEST = action_digest({"name": "refund", "args": {"order": "A1", "amount": "90.00"}})
OTHER = action_digest({"name": "refund", "args": {"order": "A1", "amount": "9000.00"}})


@pytest.fixture
def house(db):
    return let_the_agent_act(build_house())


def tell(agent, case, what, key="one", **body):
    return agent.http.post(
        f"/api/v1/cases/{case.public_id}/{what}",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {agent.key}", "Idempotency-Key": key},
    )


class TestReceipts:
    def test_what_was_approved_and_ran_matches(self, house, agent):
        case = case_of(agent.post())
        answer = tell(agent, case, "receipt", action_digest=DIGEST, result={"booking": "b1"})
        assert answer.status_code == 201, answer.content
        assert answer.json()["matches"] is True and answer.json()["flags"] == []
        assert "receipt.recorded" in events(case)

    def test_something_else_is_flagged(self, house, agent):
        case = case_of(agent.post())
        answer = tell(agent, case, "receipt", action_digest=OTHER)
        assert answer.json()["flags"] == ["other_action"] and answer.json()["matches"] is False

    def test_a_second_run_is_flagged_and_a_repeat_of_the_call_is_not(self, house, agent):
        case = case_of(agent.post())
        tell(agent, case, "receipt", action_digest=DIGEST)
        again = tell(agent, case, "receipt", action_digest=DIGEST)
        assert again.status_code == 200 and again.json()["flags"] == []
        assert again.headers["Idempotency-Replayed"] == "true"
        twice = tell(agent, case, "receipt", "two", action_digest=DIGEST)
        assert twice.json()["flags"] == ["ran_twice"] and Receipt.objects.count() == 2

    def test_what_nobody_approved_is_flagged(self, house, agent):
        waiting = case_of(agent.post(confidence=0.5))
        assert tell(agent, waiting, "receipt", action_digest=DIGEST).json()["flags"] == [
            "not_approved"
        ]
        take_and_decide(house.one, "reject", reason_code="policy")
        assert tell(agent, waiting, "receipt", "two", action_digest=DIGEST).json()["flags"] == [
            "not_approved",
            "ran_twice",
        ]

    def test_an_edited_action_is_what_has_to_have_run(self, house, agent):
        case = case_of(agent.post(confidence=0.5))
        take_and_decide(house.one, "edit", changes={"/action/args/amount": "45.00"})
        edited = action_digest({"name": "refund", "args": {"order": "A1", "amount": "45.00"}})
        assert tell(agent, case, "receipt", action_digest=DIGEST).json()["flags"]
        other = case_of(agent.post(confidence=0.5))
        take_and_decide(house.one, "edit", changes={"/action/args/amount": "45.00"})
        assert tell(agent, other, "receipt", action_digest=edited).json()["matches"]

    def test_an_approval_that_never_ran_is_told_once_by_the_clock(self, house, agent, settings):
        silent, ran = case_of(agent.post()), case_of(agent.post())
        tell(agent, ran, "receipt", action_digest=DIGEST)
        assert flag_never_ran() == 0
        with time_machine.travel(timezone.now() + timedelta(seconds=settings.PERMIT_SECONDS + 9)):
            assert flag_never_ran() == 1
            assert flag_never_ran() == 0
        assert "receipt.missing" in events(silent) and "receipt.missing" not in events(ran)

    def test_the_case_page_shows_what_ran(self, house, agent, client):
        case, silent = case_of(agent.post()), case_of(agent.post())
        tell(agent, case, "receipt", action_digest=OTHER, result="<script>x</script>")
        client.force_login(house.admin)
        page = client.get(f"/cases/{case.public_id}/", follow=True).content.decode()
        assert "approved, but ran something else" in page and "<script>x" not in page
        with time_machine.travel(timezone.now() + timedelta(days=2)):
            flag_never_ran()
        page = client.get(f"/cases/{silent.public_id}/", follow=True).content.decode()
        assert "never reported as run" in page


class TestGroundTruth:
    def test_what_turned_out_labels_the_case(self, house, agent):
        case = case_of(agent.post())
        assert fresh(case).wrong is None
        answer = tell(
            agent, case, "ground-truth", wrong=True, kind="chargeback", detail="Jo Doe complained"
        )
        assert answer.status_code == 201, answer.content
        assert fresh(case).wrong is True
        label = Label.objects.get(case=case)
        assert (label.source, label.kind) == ("GROUND_TRUTH", "chargeback")
        entry = case.audit_entries.get(event="case.labelled")
        assert b"Jo Doe" not in bytes(entry.body)
        assert tell(agent, case, "ground-truth", wrong=True).status_code == 200

    def test_what_cannot_be_read_is_refused(self, house, agent):
        case = case_of(agent.post())
        assert tell(agent, case, "ground-truth", wrong="yes").status_code == 422
        bad = tell(agent, case, "ground-truth", wrong=True, learned_at="once")
        assert bad.json()["errors"][0]["pointer"] == "/learned_at"
        assert tell(agent, case, "receipt", action_digest="abc").status_code == 422


def test_a_stranger_and_a_key_without_the_scope_report_nothing(house, agent):
    case = case_of(agent.post())
    stranger = Agent.objects.create(name="Stranger", slug="stranger", owner=house.owner)
    _row, key = AgentKey.make(stranger, scopes=["cases:report", "feedback:read"])
    for what, body in (("receipt", {"action_digest": DIGEST}), ("ground-truth", {"wrong": True})):
        assert tell(AgentClient(key), case, what, **body).status_code == 404
    AgentKey.objects.update(scopes=["cases:create", "cases:read"])
    assert tell(agent, case, "receipt", action_digest=DIGEST).status_code == 403
    assert agent.get("/api/v1/feedback").status_code == 403
    assert not Receipt.objects.exists() and not Label.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_corrections_are_told_in_order_and_from_any_place(transactional_db, until):
    house = let_the_agent_act(build_house())
    agent = AgentClient(house.key)
    edited = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "45.00"}, message="cap it")
    case_of(agent.post(confidence=0.5))
    take_and_decide(house.one)
    rejected = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "reject", reason_code="policy")

    def read(cursor=""):
        answer = agent.get(f"/api/v1/feedback?cursor={cursor}")
        assert answer.status_code == 200, answer.content
        return answer, [json.loads(line) for line in answer.content.splitlines()]

    answer, lines = until(read, lambda found: len(found[1]) == 2)
    assert [(line["case"], line["type"]) for line in lines] == [
        (edited.public_id, "edit"),
        (rejected.public_id, "reject"),
    ]
    assert lines[0]["proposed"]["args"]["amount"] == "90.00"
    assert lines[0]["final"]["args"]["amount"] == "45.00"
    assert lines[0]["changes"] and lines[0]["message"] == "cap it"
    assert lines[1]["reason_code"] == "policy" and lines[1]["final"] is None
    assert [line["case"] for line in read(lines[0]["cursor"])[1]] == [rejected.public_id]
    assert read(answer["Handrail-Cursor"])[1] == []
    assert agent.get("/api/v1/feedback?cursor=x").status_code == 422
