"""What was approved runs, once, on a real server; what fails for good reaches a person."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook

from reviews import enqueue
from reviews.models import OutcomeRun, Review
from reviews.outcomes import Failed
from reviews.services import outcomes
from reviews.services.publishing import NotPublishable
from tests.building import TEMPLATE, build_house, proposal
from tests.conftest import AgentClient
from tests.deciding import case_of, events, fresh, run_everything_due, take_and_decide
from workflows.models import WebhookEndpoint

pytestmark = pytest.mark.django_db


class Ledger:
    """Books each key once; answers what it is told to answer first."""

    def __init__(self):
        self.requests, self.answers = [], []
        ledger = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ledger.requests.append((self.path, dict(self.headers), body))
                self.send_response(ledger.answers.pop(0) if ledger.answers else 201)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self):
        return [headers["Idempotency-Key"] for _path, headers, _body in self.requests]


@pytest.fixture
def ledger(settings, monkeypatch):
    ledger = Ledger()
    settings.OUTBOUND_ALLOW = [ledger.address]
    monkeypatch.setitem(TEMPLATE, "url", f"http://{ledger.address}/refunds")
    yield ledger
    ledger.server.shutdown()


@pytest.fixture
def desk(ledger, db):
    house = build_house()
    return house, AgentClient(house.key)


def test_what_was_approved_runs_once_and_the_case_completes(desk, ledger):
    house, agent = desk
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "45.00"})
    run_everything_due()
    (path, headers, body) = ledger.requests[0]
    assert len(ledger.requests) == 1 and path == "/refunds"
    assert json.loads(body) == {"case": case.public_id, "order": "A1", "amount": "45.00"}
    run = OutcomeRun.objects.get()
    assert headers["Idempotency-Key"] == run.idempotency_key
    assert fresh(case).state == "COMPLETED"
    assert events(case)[-3:] == ["outcome.scheduled", "outcome.succeeded", "case.completed"]
    shown = agent.get(f"/api/v1/cases/{case.public_id}").json()["outcomes"]
    assert [row["status"] for row in shown] == ["succeeded"]


def test_a_target_that_stumbles_is_asked_again_under_the_same_key(desk, ledger):
    _house, agent = desk
    ledger.answers = [503, 500]
    case = case_of(agent.post())
    run_everything_due()
    assert len(ledger.keys()) == 3 and len(set(ledger.keys())) == 1
    assert fresh(case).state == "COMPLETED"
    assert events(case).count("outcome.retried") == 2


def test_a_refusal_for_good_opens_an_exception_and_a_person_retries(desk, ledger):
    house, agent = desk
    ledger.answers = [409]
    case = case_of(agent.post())
    run_everything_due()
    assert fresh(case).state == "FAILED"
    review = Review.objects.get()
    assert (review.kind, review.queue) == ("EXCEPTION", house.exceptions)
    assert "409" in review.reasons[0]["detail"]
    take_and_decide(house.one, "retry")
    run_everything_due()
    assert fresh(case).state == "COMPLETED" and len(set(ledger.keys())) == 1


def test_a_target_that_is_down_for_good_is_given_up_with_a_reason(desk, ledger):
    house, agent = desk
    ledger.answers = [500] * 20
    case = case_of(agent.post())
    run_everything_due()
    assert fresh(case).state == "FAILED" and len(ledger.requests) == 6
    take_and_decide(house.one, "give_up", message="Paid by hand.")
    assert fresh(case).state == "COMPLETED"
    assert OutcomeRun.objects.get().state == "CANCELLED"
    # Who gave the outcome up did not decide the case.
    decision = agent.get(f"/api/v1/cases/{case.public_id}").json()["decision"]
    assert (decision["by"], decision["message"], decision["decided_by"]) == ("rule", "", [])


def test_retrying_twice_is_possible_for_the_same_person(desk, ledger):
    house, agent = desk
    ledger.answers = [409, 409]
    case = case_of(agent.post())
    for _ in range(2):
        run_everything_due()
        assert fresh(case).state == "FAILED"
        take_and_decide(house.one, "retry")
    run_everything_due()
    assert fresh(case).state == "COMPLETED"


def test_the_agent_hears_of_every_failure_with_the_version_it_will_see(desk, ledger):
    house, agent = desk
    endpoint = WebhookEndpoint(agent=house.agent, label="main", events=["outcome.failed"])
    endpoint.url, endpoint.secrets = f"http://{ledger.address}/hook", ["whsec_c2VjcmV0"]
    endpoint.save()
    case = case_of(agent.post())
    for told in (1, 2):
        ledger.answers = [409]
        outcomes.run(OutcomeRun.objects.get(event="").pk)
        assert OutcomeRun.objects.filter(event="outcome.failed").count() == told
        body = json.loads(OutcomeRun.objects.filter(event="outcome.failed").last().body)
        assert body["data"]["version"] == fresh(case).version
        take_and_decide(house.one, "retry")


def test_an_address_inside_the_house_is_refused_and_a_person_sees_why(desk, ledger, settings):
    settings.OUTBOUND_ALLOW = []
    _house, agent = desk
    case = case_of(agent.post())
    run_everything_due()
    assert fresh(case).state == "FAILED" and not ledger.requests
    assert "127.0.0.1" in Review.objects.get().reasons[0]["detail"]


def test_a_run_is_won_by_one_worker_only(desk, ledger):
    _house, agent = desk
    agent.post()
    run = OutcomeRun.objects.get()
    outcomes.run(run.pk)
    outcomes.run(run.pk)
    assert len(ledger.requests) == 1


def test_a_request_changed_after_the_decision_is_not_sent(desk, ledger):
    _house, agent = desk
    case = case_of(agent.post())
    OutcomeRun.objects.update(body=b'{"amount":"9000.00"}')
    run_everything_due()
    assert not ledger.requests and fresh(case).state == "FAILED"
    assert "not the one that was approved" in Review.objects.get().reasons[0]["detail"]


def test_the_sweep_finds_a_lost_message_once_and_not_every_second(desk, ledger, monkeypatch):
    _house, agent = desk
    agent.post()
    sent = []
    monkeypatch.setattr(enqueue, "send", lambda task, **arguments: sent.append(arguments))
    outcomes.sweep()
    assert sent == []
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=False):
        outcomes.sweep()
        outcomes.sweep()
    assert sent == [{"run_id": str(OutcomeRun.objects.get().pk)}]


def test_the_sweep_takes_over_from_a_worker_that_died(desk, ledger, monkeypatch):
    _house, agent = desk
    monkeypatch.setattr(enqueue, "send", lambda task, **arguments: None)
    case = case_of(agent.post())
    run = OutcomeRun.objects.get()
    assert OutcomeRun.objects.begin(pk=run.pk, otherwise=0, margin=timedelta(seconds=5)) == 1
    over = timedelta(seconds=run.rule.timeout_seconds + 6)
    with time_machine.travel(timezone.now() + over, tick=False):
        outcomes.sweep()
        assert OutcomeRun.objects.get().state == "RETRY_WAIT"
        run_everything_due()
    assert fresh(case).state == "COMPLETED" and OutcomeRun.objects.get().attempts == 2


def test_what_kills_every_worker_is_not_tried_for_ever_but_reaches_a_person(
    desk, ledger, monkeypatch
):
    _house, agent = desk
    case = case_of(agent.post())
    run = OutcomeRun.objects.get()
    monkeypatch.setattr(enqueue, "send", lambda task, **arguments: None)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(6):
            assert OutcomeRun.objects.begin(pk=run.pk, otherwise=0, margin=timedelta(seconds=5))
            clock.shift(timedelta(seconds=21))
            outcomes.sweep()
            clock.shift(timedelta(minutes=20))
    assert OutcomeRun.objects.get().state == "UNCERTAIN" and fresh(case).state == "FAILED"
    assert events(case).count("outcome.retried") == 5
    detail = Review.objects.get(kind="EXCEPTION").reasons[0]["detail"]
    assert "The worker stopped" in detail and "It may have been done" in detail


def test_a_webhook_that_arrives_changes_nothing_that_the_agent_sees(desk, ledger):
    house, agent = desk
    endpoint = WebhookEndpoint(agent=house.agent, label="main", events=["case.created"])
    endpoint.url, endpoint.secrets = f"http://{ledger.address}/hook", ["whsec_c2VjcmV0"]
    endpoint.save()
    case = case_of(agent.post(confidence=0.5))
    path = f"/api/v1/cases/{case.public_id}"
    before = agent.get(path).headers["ETag"]
    ledger.answers = [503]
    run_everything_due()
    assert [path for path, _headers, _body in ledger.requests] == ["/hook", "/hook"]
    assert agent.get(path).headers["ETag"] == before
    take_and_decide(house.one)
    assert agent.get(path).headers["ETag"] != before


def test_a_worker_that_answers_after_losing_its_lease_changes_nothing(desk, ledger, monkeypatch):
    _house, agent = desk
    case = case_of(agent.post())
    deliver = outcomes._deliver

    def stalls_while_somebody_else_begins(row):
        if row.attempts > 1:
            return deliver(row)
        with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
            outcomes.sweep()
        with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
            OutcomeRun.objects.begin(pk=row.pk, otherwise=15, margin=timedelta(minutes=1))
        return Failed("Refused.")

    monkeypatch.setattr(enqueue, "send", lambda task, **arguments: None)
    monkeypatch.setattr(outcomes, "_deliver", stalls_while_somebody_else_begins)
    run = OutcomeRun.objects.get()
    outcomes.run(run.pk)
    assert OutcomeRun.objects.get().state == "RUNNING" and fresh(case).state == "DECIDED"


def test_the_agent_hears_the_decision_signed_as_the_standard_says(desk, ledger):
    house, agent = desk
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    endpoint = WebhookEndpoint(agent=house.agent, label="main", events=["case.decided"])
    endpoint.url, endpoint.secrets = f"http://{ledger.address}/hook", [secret]
    endpoint.save()
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one)
    run_everything_due()
    (headers, body) = next((h, b) for path, h, b in ledger.requests if path == "/hook")
    told = Webhook(secret).verify(body, {k.lower(): v for k, v in headers.items()})
    assert told["type"] == "case.decided" and told["data"]["id"] == case.public_id
    assert told["data"]["decision"]["type"] == "approve"


def test_a_callback_address_is_a_secret_at_rest(desk, ledger):
    house, agent = desk
    url = f"http://{ledger.address}/resume/top-secret"
    case = case_of(agent.post(confidence=0.5, callback={"url": url, "format": "raw"}))
    take_and_decide(house.one, "reject", message="No.")
    run_everything_due()
    (path, _headers, body) = ledger.requests[0]
    assert path == "/resume/top-secret" and json.loads(body)["type"] == "reject"
    assert b"top-secret" not in bytes(fresh(case).callback_url_encrypted)
    run = OutcomeRun.objects.get()
    assert "top-secret" not in f"{run.url}{run.last_error}{bytes(run.body)!r}"


def test_a_request_that_cannot_be_rendered_reaches_a_person(desk, ledger):
    house, agent = desk
    body = {name: value for name, value in proposal().items() if name != "action"}
    case = case_of(agent.post(body))
    take_and_decide(house.one)
    take_and_decide(house.two)
    assert fresh(case).state == "FAILED" and not OutcomeRun.objects.exists()
    review = Review.objects.get(kind="EXCEPTION")
    assert "/action/args" in review.reasons[0]["detail"] and review.queue == house.exceptions


def test_a_template_that_may_find_nothing_is_refused_before_it_is_published(monkeypatch, db):
    monkeypatch.setitem(TEMPLATE, "body", {"note": {"$ref": "/action/args/note"}})
    with pytest.raises(NotPublishable, match="make it required or give a default"):
        build_house()
