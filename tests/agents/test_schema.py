"""The published OpenAPI document against the site: nothing it allows or forbids ends in a 5xx,
and every answer is one that the document promises."""

import itertools
import json
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from config.wsgi import application
from reviews.models import Review
from reviews.services.claims import claim_review
from tests.agents.persons import PersonClient
from tests.deciding import case_of

EXAMPLES = int(os.environ.get("HANDRAIL_SCHEMA_EXAMPLES", "20"))
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
# The site is called as a server calls it, which closes its connection after every request.
pytestmark = pytest.mark.django_db(transaction=True)
numbers = itertools.count()


@schemathesis.serializer("application/x-ndjson")
def as_lines(context, value):
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(errors="replace")


schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)


@pytest.fixture
def me(house):
    return PersonClient(house.one)


RUN = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
PEOPLES = "^/api/v1/reviews"


@schema.exclude(path_regex=PEOPLES).parametrize()
@settings(max_examples=EXAMPLES, **RUN)
def test_every_call_answers_as_the_document_says(case, house, agent):
    """Half of what is generated is aimed at what exists: behind a 404 there is little to find."""
    number = next(numbers)
    if number % 2:
        _aim(case, agent, number)
    case.call_and_validate(headers={"Authorization": f"Bearer {house.key}"}, checks=CHECKS)


@schema.include(path_regex=PEOPLES).parametrize()
@settings(max_examples=EXAMPLES // 2, **RUN)
def test_every_call_of_people_answers_so_too(case, house, agent, me):
    number = next(numbers)
    if number % 2:
        _aim_at_a_review(case, agent, house, number)
    case.call_and_validate(headers={"Authorization": f"Bearer {me.token}"}, checks=CHECKS)


def _aim_at_a_review(case, agent, house, number):
    """Half of them at one that is held."""
    review = Review.objects.get(case=case_of(agent.post(key=f"held-{number}", confidence=0.5)))
    if number % 4 == 1:
        claim_review(review, reviewer=house.one)
    if "public_id" in case.path_parameters:
        case.path_parameters["public_id"] = f"review_{review.pk.hex}"
    if isinstance(case.body, dict) and "digest" in case.body:
        case.body |= {"revision": 1, "digest": review.case.proposals.get().digest}


def _aim(case, agent, number):
    if "slug" in case.path_parameters:
        case.path_parameters["slug"] = "refunds"
    if "public_id" in case.path_parameters:
        made = agent.post(key=f"aimed-{number}")
        case.path_parameters["public_id"] = made.json()["id"]
    if isinstance(case.body, dict):
        cases = case.body.get("cases")
        for body in cases if isinstance(cases, list) else [case.body]:
            if isinstance(body, dict):
                body["workflow"] = "refunds"
        case.headers = {**(case.headers or {}), "Idempotency-Key": f"generated-{number}"}


def test_a_call_that_does_not_exist_is_answered_with_a_problem(agent):
    answer = agent.get("/api/v1/cases/none-such")
    assert answer.status_code == 404
    assert answer["content-type"] == "application/problem+json"


def test_an_action_without_arguments_is_told_which_are_missing(agent):
    answer = agent.post({"workflow": "refunds", "action": {"name": "refund"}})
    assert answer.status_code == 422
    pointers = {problem["pointer"] for problem in answer.json()["errors"]}
    assert {"/action/args/order", "/action/args/amount"} <= pointers
