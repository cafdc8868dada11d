import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from reviews.outcomes import Failed, Retry, Succeeded, retry_delay
from reviews.outcomes.webhook import CONTENT_TYPES, FORMATS, LADDER, body_for, deliver

from .target import Target

AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
CASE = {"id": "case_01", "decision": {"type": "approve", "message": "é"}}
NEW, OLD = (f"whsec_{base64.b64encode(byte * 24).decode()}" for byte in (b"n", b"o"))


def body(format="standard", data=CASE):
    return body_for("case.decided", data, format, AT, message_id="msg_1")


def deliver_to(target, *, content=None, secrets=(NEW,), at=None, **options):
    return deliver(
        content or body(),
        url=target.url("/cb?token=t0ken"),
        message_id="msg_1",
        secrets=secrets,
        at=at or datetime.now(UTC),
        allow=[target.place],
        **options,
    )


def test_a_standard_body_names_the_event_the_time_and_the_case():
    assert json.loads(body()) == {
        "type": "case.decided",
        "timestamp": "2026-01-01T12:00:00Z",
        "data": CASE,
    }


def test_a_cloudevents_body_has_the_required_attributes():
    event = json.loads(body("cloudevents"))
    assert event == {
        "specversion": "1.0",
        "id": "msg_1",
        "source": "/handrail",
        "type": "case.decided",
        "time": "2026-01-01T12:00:00Z",
        "datacontenttype": "application/json",
        "data": CASE,
    }


def test_a_raw_body_is_the_decision_alone():
    assert json.loads(body("raw")) == CASE["decision"]
    with pytest.raises(ValueError, match=r"case\.decided has none"):
        body("raw", data={"id": "case_01"})


def test_an_unknown_format_is_refused_in_words():
    with pytest.raises(ValueError, match="known: standard, cloudevents, raw"):
        body("xml")


@pytest.mark.parametrize("format", FORMATS)
def test_the_receiver_can_verify_what_it_got(format):
    with Target(status=204, body=b"") as target:
        outcome = deliver_to(target, content=body(format), content_type=CONTENT_TYPES[format])
        assert isinstance(outcome, Succeeded)
        (received,) = target.received
        assert (received.method, received.path) == ("POST", "/cb?token=t0ken")
        assert received.body == body(format)
        Webhook(NEW).verify(received.body, received.headers)
        cloudevents = format == "cloudevents"
        expected = "application/cloudevents+json" if cloudevents else "application/json"
        assert received.headers["content-type"] == expected
        with pytest.raises(WebhookVerificationError):
            Webhook(NEW).verify(received.body + b" ", received.headers)


def test_both_secrets_sign_while_one_replaces_the_other():
    with Target() as target:
        deliver_to(target, secrets=[NEW, OLD])
        (received,) = target.received
        assert received.headers["webhook-signature"].count("v1,") == 2
        for secret in (NEW, OLD):
            Webhook(secret).verify(received.body, received.headers)


def test_a_second_attempt_keeps_id_and_body_and_is_signed_at_its_own_time():
    with Target(status=500) as target:
        now = datetime.now(UTC)
        for at in (now - timedelta(seconds=5), now):
            assert isinstance(deliver_to(target, at=at), Retry)
        first, second = target.received
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == "msg_1"
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
        Webhook(NEW).verify(second.body, second.headers)


@pytest.mark.parametrize("status", [301, 400, 404, 500])
def test_only_a_2xx_is_a_success_and_all_else_is_tried_again(status):
    with Target(status=status, headers={"Location": "/x"}) as target:
        outcome = deliver_to(target)
        assert isinstance(outcome, Retry)
        assert str(status) in outcome.words
        assert len(target.received) == 1


def test_a_wish_to_wait_is_heard():
    with Target(status=503, headers={"Retry-After": "30"}) as target:
        assert deliver_to(target).after == 30


def test_410_means_that_nothing_is_sent_there_again():
    with Target(status=410) as target:
        outcome = deliver_to(target)
        assert isinstance(outcome, Failed)
        assert outcome.disables
        assert "410" in outcome.words


def test_no_words_of_a_failure_hold_the_callback_address():
    with Target(status=400) as target:
        answered = deliver_to(target)
    unreachable = deliver_to(target)
    for outcome in (answered, unreachable):
        assert "t0ken" not in str(outcome)


def test_there_are_ten_attempts_in_three_to_four_days():
    waits = [retry_delay(attempt, ladder=LADDER, jitter=0) for attempt in range(1, 11)]
    assert waits[:4] == [5, 300, 1800, 7200]
    assert waits[-1] is None
    assert 3 < sum(waits[:-1]) / 86400 < 4
