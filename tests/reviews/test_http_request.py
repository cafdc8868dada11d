import socket
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.network import Reply
from reviews.outcomes import DEFAULT_LADDER, Failed, Retry, Succeeded, retry_delay
from reviews.outcomes.http_request import ANY_SUCCESS, deliver, interpret, retry_after
from reviews.outcomes.template import render

from .target import Target

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SECRETS = {"ledger": "s3cret"}


def request_to(target):
    template = {
        "url": target.url("/loans"),
        "headers": {"X-Api-Key": {"$secret": "ledger"}},
        "body": {"amount": {"$ref": "/data/amount"}},
    }
    return render(template, {"data": {"amount": "900.00"}})


def deliver_to(target, request=None, *, secrets=SECRETS, allow=None, **options):
    return deliver(
        request or request_to(target),
        idempotency_key="decision-rule-1",
        secrets=secrets.__getitem__,
        allow=[target.place] if allow is None else allow,
        **options,
    )


def replied(status, **headers):
    return interpret(Reply(status, headers, "", 0.1), expected_status=ANY_SUCCESS)


def test_what_was_approved_arrives_byte_for_byte_under_its_key():
    with Target(status=201) as target:
        request = request_to(target)
        outcome = deliver_to(target, request)
        assert isinstance(outcome, Succeeded)
        assert outcome.reply.status == 201
        (received,) = target.received
        assert (received.method, received.path, received.body) == (
            "POST",
            "/loans",
            b'{"amount":"900.00"}',
        )
        assert received.body == request.body
        assert received.headers["idempotency-key"] == "decision-rule-1"
        assert received.headers["x-api-key"] == "s3cret"
        assert received.headers["content-type"] == "application/json"


def test_a_secret_that_the_target_echoes_is_not_kept():
    with Target(
        status=500,
        headers={"X-Echo": "s3cret"},
        body=lambda request: f"you sent {request.headers['x-api-key']}".encode(),
    ) as target:
        outcome = deliver_to(target)
        assert outcome.reply.body_excerpt == "you sent ••••••"
        assert "s3cret" not in str(outcome)


def test_a_secret_that_is_gone_fails_before_anything_is_sent():
    with Target() as target:
        outcome = deliver_to(target, secrets={})
        assert isinstance(outcome, Failed)
        assert "'ledger', which does not exist" in outcome.words
        assert target.received == []


def test_a_secret_with_a_line_break_fails_without_showing_it():
    with Target() as target:
        outcome = deliver_to(target, secrets={"ledger": "s3cret\r\nX-Admin: 1"})
        assert isinstance(outcome, Failed)
        assert "s3cret" not in outcome.words
        assert target.received == []


def test_a_refused_address_fails_for_good():
    with Target() as target:
        outcome = deliver_to(target, allow=[])
        assert isinstance(outcome, Failed)
        assert "not a public address" in outcome.words


def test_an_unreachable_target_is_tried_again_and_certainly_did_nothing():
    with Target() as target:
        request = request_to(target)
    outcome = deliver_to(target, request)
    assert isinstance(outcome, Retry)
    assert not outcome.uncertain


def test_a_late_answer_is_tried_again_and_the_work_may_be_done():
    with Target(delay=2) as target:
        outcome = deliver_to(target, timeout=0.5)
        assert isinstance(outcome, Retry)
        assert outcome.uncertain


def test_only_the_expected_status_is_a_success():
    with Target(status=200) as target:
        assert isinstance(deliver_to(target, expected_status={201}), Failed)
    with Target(status=404) as target:
        assert isinstance(deliver_to(target, expected_status={200, 404}), Succeeded)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599])
def test_a_status_that_may_pass_is_tried_again(status):
    outcome = replied(status, **{"retry-after": "7"})
    assert isinstance(outcome, Retry)
    assert outcome.after == 7
    assert outcome.uncertain == (status in {502, 504})
    assert str(status) in outcome.words


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 413, 422])
def test_a_status_that_stays_fails_for_good(status):
    outcome = replied(status)
    assert isinstance(outcome, Failed)
    assert str(status) in outcome.words
    assert ("redirects are not followed" in outcome.words) == (status < 400)


def test_a_conflict_is_tried_again_only_when_the_target_says_when():
    assert isinstance(replied(409), Failed)
    assert isinstance(replied(409, **{"retry-after": "1"}), Retry)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999999", 86400),
        ("Thu, 01 Jan 2026 12:01:00 GMT", 60),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("Fri, 01 Jan 2027 12:00:00 GMT", 86400),
        ("Thu, 01 Jan 2026 12:01:00", 60),
        ("-5", None),
        ("soon", None),
        ("1e3", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_and_never_believed_beyond_a_day(value, seconds):
    assert retry_after(value, now=NOW) == seconds


def test_the_ladder_ends():
    waits = [retry_delay(attempt, jitter=0) for attempt in range(1, 8)]
    assert waits == [1, 5, 30, 120, 600, None, None]


@given(st.integers(1, len(DEFAULT_LADDER)), st.none() | st.floats(0, 1e5), st.floats(0, 1))
def test_a_wait_is_never_shorter_than_the_ladder_or_the_target_says(attempt, after, jitter):
    wait = retry_delay(attempt, after=after, jitter=jitter)
    least = max(DEFAULT_LADDER[attempt - 1], after or 0)
    assert least <= wait <= least * (1 + jitter) * 1.000001


def test_a_name_that_moves_inside_after_approval_fails(monkeypatch):
    with Target() as target:
        template = {"url": f"http://ledger.example:{target.port}/", "body": {}}
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda *a, **k: [(2, 1, 6, "", ("127.0.0.1", target.port))]
        )
        outcome = deliver_to(target, render(template, {}), allow=[])
        assert isinstance(outcome, Failed)
        assert target.received == []
