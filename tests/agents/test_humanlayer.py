"""The HumanLayer wire; its published client walks it in tests/real_clients."""

import json

import pytest
from django.test import Client

from agents.models import AgentKey
from reviews.models import Case, Review
from reviews.services import claims
from reviews.services.returns import ask_agent
from tests.deciding import take_and_decide
from tests.real_clients.scene import build_tool_house
from workflows.models import Agent

pytestmark = pytest.mark.django_db
CALL = {"run_id": "r", "call_id": "c1", "spec": {"fn": "send_email", "kwargs": {"to": "a@x"}}}
QUESTION = {"run_id": "r", "call_id": "c1", "spec": {"msg": "Which colour?", "subject": None}}


@pytest.fixture
def house(db):
    return build_tool_house()


class HumanLayer:
    def __init__(self, key):
        self.headers = {"Authorization": f"Bearer {key}"}
        self.http = Client(headers=self.headers)

    def post(self, path, body):
        return self.http.post(f"/humanlayer/v1/{path}", body, content_type="application/json")

    def get(self, path):
        return self.http.get(f"/humanlayer/v1/{path}")

    def status(self, path):
        return self.get(path).json()["status"]


@pytest.fixture
def client(house):
    return HumanLayer(house.key)


def test_a_call_waits_for_a_person_and_then_says_who_was_right(client, house):
    first = client.post("function_calls", CALL)
    assert first.status_code == 201
    assert (first.json()["status"]["approved"], first.json()["status"]["responded_at"]) == (
        None,
        None,
    )
    take_and_decide(house.one, "approve", message="go on")
    answer = client.get("function_calls/c1").json()
    assert answer["spec"]["kwargs"] == {"to": "a@x"}
    assert (answer["status"]["approved"], answer["status"]["comment"]) == (True, "go on")


def test_a_rejection_always_carries_a_comment(client, house):
    client.post("function_calls", CALL)
    take_and_decide(house.one, "reject")
    status = client.status("function_calls/c1")
    assert status["approved"] is False
    assert status["comment"] == "A reviewer said no."


def test_an_edit_is_no_approval_of_what_was_asked(client, house):
    client.post("function_calls", CALL)
    take_and_decide(house.one, "edit", changes={"/action/args/to": "b@x"})
    status = client.status("function_calls/c1")
    assert status["approved"] is False
    assert status["comment"].endswith('exactly these arguments: {"to": "b@x"}')


def test_a_call_that_nobody_answers_is_not_approved(client, house):
    client.post("function_calls", CALL)
    Case.objects.update(state="EXPIRED")
    status = client.status("function_calls/c1")
    assert (status["approved"], status["comment"]) == (False, "Nobody answered in time.")


def test_what_a_reviewer_asks_ends_the_wait_of_a_client_that_cannot_answer(client, house):
    client.post("function_calls", CALL)
    review = claims.claim_next(reviewer=house.one)
    ask_agent(review, reviewer=house.one, question="Which address?")
    status = client.status("function_calls/c1")
    assert (status["approved"], status["comment"]) == (False, "A reviewer asks: Which address?")


def test_a_question_is_answered_in_words(client, house):
    assert client.post("contact_requests", QUESTION).json()["status"]["response"] is None
    take_and_decide(house.one, "respond", message="the blue one")
    assert client.status("contact_requests/c1")["response"] == "the blue one"


def test_a_question_may_be_turned_down(client, house):
    client.post("contact_requests", QUESTION)
    take_and_decide(house.one, "reject")
    assert client.status("contact_requests/c1")["response"] == "A reviewer said no."


def test_the_same_call_again_is_the_same_case_and_another_agents_is_none(client, house):
    first, again = (client.post("function_calls", CALL) for _ in range(2))
    assert again.json() == first.json()
    assert Case.objects.count() == 1
    _row, key = AgentKey.make(Agent.objects.create(name="B", slug="b", owner=house.owner))
    assert HumanLayer(key).get("function_calls/c1").status_code == 404
    assert client.get("contact_requests/c1").status_code == 404


def test_a_key_without_the_scope_may_neither_ask_nor_look(client, house):
    client.post("function_calls", CALL)
    AgentKey.objects.update(scopes=[])
    assert client.post("function_calls", CALL).status_code == 403
    assert client.get("function_calls/c1").status_code == 403
    assert Client().get("/humanlayer/v1/function_calls/c1").status_code == 401


def test_an_agent_cannot_answer_for_a_human(client, house):
    client.post("function_calls", CALL)
    answer = client.post("agent/function_calls/c1/respond", {"approved": True})
    assert answer.status_code == 403
    assert Review.objects.get().state == Review.State.OPEN


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("function_calls", {"run_id": "r", "call_id": "c", "spec": {"fn": 1}}, "/spec/fn"),
        ("function_calls", {"run_id": "", "call_id": "c", "spec": CALL["spec"]}, "/run_id"),
        ("contact_requests", {"run_id": "r", "call_id": "c", "spec": {"msg": ""}}, "/spec/msg"),
        ("contact_requests", [], ""),
    ],
)
def test_what_cannot_be_read_is_told_where(client, path, body, pointer):
    answer = client.post(path, body)
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


def test_a_call_that_fits_no_workflow_says_what_to_do(client, house):
    house.workflow.releases.update(state="RETIRED")
    answer = client.post("function_calls", CALL)
    assert answer.status_code == 422
    assert "state.workflow" in answer.json()["errors"][0]["detail"]


def test_a_channels_token_is_kept_nowhere(client, house):
    channel = {"slack": {"channel_or_user_id": "C1", "bot_token": "xoxb-secret"}}
    client.post("function_calls", CALL | {"spec": CALL["spec"] | {"channel": channel}})
    case = Case.objects.get()
    assert "xoxb-secret" not in json.dumps([case.metadata, case.data, case.correlation])
    assert client.get("function_calls/c1").json()["spec"]["channel"] is None
