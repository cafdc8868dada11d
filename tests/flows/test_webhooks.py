"""An agent hears of its cases in the format it chose; the standard's own library believes it."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from standardwebhooks import Webhook

from reviews.models import OutcomeRun
from reviews.services import claims
from tests.deciding import case_of, decide, run_everything_due, take_and_decide
from tests.reviews.target import Target
from workflows.models import WebhookEndpoint

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def target(settings):
    with Target(status=204, body=b"") as target:
        settings.OUTBOUND_ALLOW = [target.place]
        yield target


@pytest.fixture
def listen(house, target):
    def listen(format="standard", *events):
        row = WebhookEndpoint(agent=house.agent, label=format, events=events, format=format)
        row.url, row.secrets = target.url(f"/{format}"), [SECRET]
        row.save()
        return row

    return listen


def heard(target):
    """What came, each believed by the library that receivers use."""
    run_everything_due()
    told = []
    for received in target.received:
        Webhook(SECRET).verify(received.body, received.headers)
        told.append((received.path, json.loads(received.body)))
    return told


def test_each_endpoint_hears_in_its_own_format(house, agent, target, listen):
    for format in WebhookEndpoint.Format.values:
        listen(format, "case.created", "case.decided")
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "reject", message="No.")
    told = heard(target)
    assert sorted(path for path, _body in told) == [
        "/cloudevents",
        "/cloudevents",
        "/raw",
        "/standard",
        "/standard",
    ]
    standard = [body for path, body in told if path == "/standard"]
    assert [body["type"] for body in standard] == ["case.created", "case.decided"]
    assert all(body["data"]["id"] == case.public_id for body in standard)
    cloud = [body for path, body in told if path == "/cloudevents"]
    assert {body["specversion"] for body in cloud} == {"1.0"}
    ids = [r.headers["webhook-id"] for r in target.received if r.path == "/cloudevents"]
    assert [body["id"] for body in cloud] == ids
    kinds = {r.path: r.headers["content-type"] for r in target.received}
    assert kinds["/cloudevents"] == "application/cloudevents+json"
    # The decision alone, and nothing before there was one.
    [raw] = [body for path, body in told if path == "/raw"]
    assert (raw["type"], raw["message"]) == ("reject", "No.")


def test_a_format_changed_afterwards_does_not_change_what_was_written(agent, target, listen):
    row = listen("cloudevents", "case.created")
    agent.post()
    row.format = "standard"
    row.save()
    [(_path, body)] = heard(target)
    assert body["specversion"] == "1.0"
    assert target.received[0].headers["content-type"] == "application/cloudevents+json"


def test_a_callback_in_cloudevents_is_signed_like_an_endpoint(house, agent, target, listen):
    listen("standard", "case.cancelled")
    callback = {"url": target.url("/callback"), "format": "cloudevents"}
    case_of(agent.post(confidence=0.5, callback=callback))
    take_and_decide(house.one)
    told = [body for path, body in heard(target) if path == "/callback"]
    assert [body["type"] for body in told] == ["case.decided"]


def test_who_takes_a_case_is_told_each_time(house, agent, target, listen):
    listen("standard", "case.assigned")
    case = case_of(agent.post(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    # Renewing what one holds tells nothing new.
    claims.claim_review(review, reviewer=house.one)
    claims.release_review(review, reviewer=house.one)
    claims.claim_review(review, reviewer=house.two)
    told = [body for _path, body in heard(target)]
    assert [body["type"] for body in told] == ["case.assigned", "case.assigned"]
    assert {body["data"]["status"] for body in told} == {"pending"}
    assert {body["data"]["version"] for body in told} == {1}
    decide(review, house.two)
    assert agent.get(f"/api/v1/cases/{case.public_id}").json()["status"] == "decided"


def test_a_claim_nobody_listens_to_writes_nothing(house, agent, listen):
    listen("standard", "case.cancelled")
    listen("raw")
    case_of(agent.post(confidence=0.5))
    claims.claim_next(reviewer=house.one)
    assert not OutcomeRun.objects.exists()


def test_the_code_of_the_page_reads_a_decision(house, agent, target, listen):
    page = (Path(django_settings.BASE_DIR) / "docs/webhooks.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names = {}
    exec(code, names)
    listen("standard")
    case_of(agent.post(confidence=0.5))
    take_and_decide(house.one)
    run_everything_due()
    said = [names["receive"](r.headers, r.body, SECRET) for r in target.received]
    assert [verdict for verdict in said if verdict] == ["approve"]
