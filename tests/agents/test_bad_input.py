"""Malformed creates: each is answered with the right 4xx in words, and never with a 5xx."""

import json
import math

import pytest

from agents.models import AgentKey
from reviews.models import Case
from tests.building import proposal
from workflows.models import Agent, Workflow

pytestmark = pytest.mark.django_db
URL = "/api/v1/cases"


def deep(levels):
    return b'{"workflow":"refunds","data":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


def dumped(**changes):
    return json.dumps(proposal(**changes)).encode()


def data(**changes):
    return {"order": "A1", "amount": "90.00"} | changes


ACTION = {"name": "refund", "args": {"order": "A1", "amount": "90.00"}}
BAD_BODIES = {
    "no body": (b"", 422, ""),
    "no json": (b"hello", 400, None),
    "half a body": (b'{"workflow": "refunds"', 400, None),
    "trailing comma": (b'{"workflow": "refunds",}', 400, None),
    "bad utf-8": (b'{"workflow": "\xff\xfe"}', 400, None),
    "utf-16": ('{"workflow": "refunds"}'.encode("utf-16"), 400, None),
    "an array": (b"[]", 422, ""),
    "a string": (b'"refunds"', 422, ""),
    "null": (b"null", 422, ""),
    "nothing in it": (b"{}", 422, ""),
    "deep nesting": (deep(200), 422, None),
    "very deep nesting": (deep(100_000), 400, None),
    "nan": (dumped(confidence=math.nan), 422, "/confidence"),
    "infinity": (dumped(confidence=math.inf), 422, "/confidence"),
    "an infinite literal": (dumped().replace(b"0.95", b"1e999"), 422, "/confidence"),
    "a huge integer": (dumped(data=data(age=10**30)), 422, "/data/age"),
    "an integer of 5,000 digits": (dumped().replace(b"0.95", b"9" * 5000), 422, "/confidence"),
    "beyond 2^53": (dumped(data=data(age=2**53)), 422, "/data/age"),
    "nul": (dumped(data=data(reason="a\x00b")), 422, "/data/reason"),
    "nul in a key": (dumped(metadata={"a\x00b": 1}), 422, "/metadata"),
    "lone surrogate": (dumped().replace(b"broken", b"\\ud800"), 422, "/ai_output/text"),
    "duplicate key": (b'{"workflow":"refunds","workflow":"x","data":{}}', 422, ""),
    "duplicate key inside": (
        b'{"workflow":"refunds","data":{"order":"A","order":"B","amount":"1"}}',
        422,
        "/data",
    ),
    "no workflow": (json.dumps({"data": {}}).encode(), 422, "/workflow"),
    "workflow a number": (dumped(workflow=7), 422, "/workflow"),
    "unknown workflow": (dumped(workflow="nope"), 404, None),
    "no proposal": (json.dumps({"workflow": "refunds"}).encode(), 422, None),
    "unknown field": (dumped(colour="red"), 422, "/colour"),
    "confidence a string": (dumped(confidence="0.9"), 422, "/confidence"),
    "confidence over one": (dumped(confidence=1.5), 422, "/confidence"),
    "confidence negative": (dumped(confidence=-0.1), 422, "/confidence"),
    "confidence true": (dumped(confidence=True), 422, "/confidence"),
    "risk a number": (dumped(risk=0.5), 422, "/risk"),
    "risk over one": (dumped(risk={"score": 7}), 422, "/risk/score"),
    "risk categories a string": (dumped(risk={"categories": "x"}), 422, "/risk/categories"),
    "value a number": (dumped(value=90), 422, "/value"),
    "value an exponent": (dumped(value="9e1"), 422, "/value"),
    "value too long": (dumped(value="9" * 20), 422, "/value"),
    "value differs from the action": (dumped(value="1.00"), 422, "/value"),
    "currency in small letters": (dumped(currency="eur"), 422, "/currency"),
    "schema: field missing": (dumped(data={"order": "A1"}), 422, "/data/amount"),
    "schema: wrong type": (dumped(data=data(amount=90)), 422, "/data/amount"),
    "schema: negative age": (dumped(data=data(age=-1)), 422, "/data/age"),
    "action without a name": (dumped(action={"args": {}}), 422, "/action/name"),
    "action unknown": (dumped(action={**ACTION, "name": "wire"}), 422, "/action/name"),
    "args of the wrong shape": (
        dumped(action={"name": "refund", "args": {"order": 1, "amount": "1"}}),
        422,
        "/action/args/order",
    ),
    "args a list": (dumped(action={"name": "refund", "args": []}), 422, "/action/args"),
    "args with more": (
        dumped(action={"name": "refund", "args": {**ACTION["args"], "bcc": "x"}}),
        422,
        "/action/args/bcc",
    ),
    "data a list": (dumped(data=[]), 422, "/data"),
    "summary too long": (dumped(summary="x" * 501), 422, "/summary"),
    "decisions unknown": (dumped(allowed_decisions=["maybe"]), 422, "/allowed_decisions/0"),
    "decisions twice": (dumped(allowed_decisions=["edit", "edit"]), 422, "/allowed_decisions"),
    "expired before it began": (dumped(expires_at="2001-01-01T00:00:00Z"), 422, "/expires_at"),
    "expires some time": (dumped(expires_at="tomorrow"), 422, "/expires_at"),
    "expires in the year 0": (dumped(expires_at="0000-01-01T00:00:00Z"), 422, "/expires_at"),
    "callback a file": (dumped(callback={"url": "file:///etc/passwd"}), 422, "/callback/url"),
    "callback format": (
        dumped(callback={"url": "https://a.example/", "format": "xml"}),
        422,
        "/callback/format",
    ),
    "response schema broken": (dumped(response_schema={"type": 7}), 422, "/response_schema"),
    "response schema fetched": (
        dumped(response_schema={"$ref": "http://a.example/x"}),
        422,
        "/response_schema",
    ),
    "two megabytes": (dumped(metadata={"x": "y" * 2 * 1024 * 1024}), 413, None),
}


def test_there_are_enough_of_them():
    assert len(BAD_BODIES) >= 40


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_in_words(name, house, agent):
    body, status, pointer = BAD_BODIES[name]
    answer = post(agent, body)
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status and problem["detail"] and problem["type"]
    if pointer is not None:
        assert pointer in [error["pointer"] for error in problem["errors"]], problem
    assert not Case.objects.exists()


def post(agent, body, **headers):
    headers = {"Authorization": f"Bearer {agent.key}", "Idempotency-Key": "k"} | headers
    return agent.http.post(URL, data=body, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Bearer hr_", "Bearer hr_a_b", "Basic dTpw", "Bearer hr_é_x"],
)
def test_without_a_key_that_fits_nobody_gets_in(header, house, agent):
    answer = agent.http.post(
        URL, data=b"{}", content_type="application/json", headers={"Authorization": header}
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_for_another_workflow_is_told_that_there_is_none(house, agent):
    other = Workflow.objects.create(
        name="Other",
        slug="other",
        purpose="Another",
        owner_team=house.extra["team"],
        exception_queue=house.exceptions,
    )
    mine = agent.post(key="one").json()["id"]
    house.key_row.workflows.set([other])
    assert agent.post().status_code == 404
    assert agent.get("/api/v1/workflows").json()["data"] == []
    # Nor does it see the cases that another key of its agent opened there.
    assert agent.get(f"/api/v1/cases/{mine}").status_code == 404
    assert agent.get(f"/api/v1/cases/{mine}", Prefer="wait=1").status_code == 404
    assert agent.get("/api/v1/cases").json()["data"] == []
    assert agent.post(key="one").status_code == 404


def test_a_key_without_the_scope_is_refused(house, agent):
    AgentKey.objects.update(scopes=["cases:read"])
    assert agent.post().status_code == 403
    AgentKey.objects.update(scopes=["cases:create"])
    assert agent.get("/api/v1/cases").status_code == 403


def test_a_revoked_key_and_a_suspended_agent_are_out(house, agent):
    row = Agent.objects.get()
    row.suspend()
    row.save()
    assert agent.post().status_code == 401


def test_another_agents_case_is_not_found(house, agent):
    case = agent.post().json()["id"]
    stranger = Agent.objects.create(name="Stranger", slug="stranger", owner=house.owner)
    _row, agent.key = AgentKey.make(stranger)
    assert agent.get(f"/api/v1/cases/{case}").status_code == 404
    assert agent.get("/api/v1/cases").json()["data"] == []


def test_a_form_is_no_json(house, agent):
    answer = agent.http.post(URL, data={"a": 1}, headers={"Authorization": f"Bearer {agent.key}"})
    assert answer.status_code == 415


def test_a_create_without_any_key_for_repeats_says_what_to_send(house, agent):
    answer = agent.post(key=None)
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json()["detail"]


def test_filters_that_cannot_be_read_are_refused(house, agent):
    for query in ("limit=0", "limit=x", "cursor=!!", "status=odd", "created_after=x", "colour=1"):
        answer = agent.get(f"/api/v1/cases?{query}")
        assert answer.status_code == 422, query
