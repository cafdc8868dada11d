"""What the client proves for itself: digests and webhooks."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import rfc8785
from handrail_client import WebhookError, action_digest, verify_webhook
from handrail_client.canonical import canonical
from hypothesis import example, given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from reviews.digests import digest_of
from reviews.outcomes.webhook import body_for, signed_headers

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoaXMtdGVzdC1vZi0zMi1ieXRlcyE="
OTHER = "whsec_" + "YW5vdGhlci1zZWNyZXQtb2YtdGhpcy10ZXN0LWFnYWlu"

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example({"\U0001f600": 1, "\ufb33": 2, "\u20ac": 3, "\r": 4, "1": 5})
@example([1e21, 1e20, 123456789012345680000.0, 1e-6, 1e-7, 5e-324, -0.0, 1.5e300, 100.0, 1e23])
def test_canonical_json_is_that_of_the_standard(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_the_client_and_the_server_digest_an_action_alike(args):
    action = {"name": "refund", "args": args}
    assert action_digest(action) == digest_of(action, data={}, ai_output={})


def test_money_is_digested_as_it_is_sent():
    as_decimal = {"name": "refund", "args": {"amount": Decimal("90.00")}, "args_schema": {}}
    assert action_digest(as_decimal) == action_digest(
        {"name": "refund", "args": {"amount": "90.00"}}
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53])
def test_a_number_that_another_parser_reads_otherwise_has_no_digest(value):
    with pytest.raises(ValueError):
        action_digest({"name": "refund", "args": {"amount": value}})


def delivery(secrets=(SECRET,), at=None, format="standard"):
    data = {"id": "case_1", "decision": {"type": "approve", "by": "reviewer"}}
    at = at or datetime.now(UTC)
    body = body_for("case.decided", data, format, at, message_id="msg_1")
    return body, signed_headers(body, message_id="msg_1", secrets=list(secrets), at=at)


@pytest.mark.parametrize("format", ["standard", "cloudevents"])
def test_a_webhook_of_the_server_is_believed_and_read(format):
    event = verify_webhook(*delivery(format=format), secret=SECRET)
    assert (event.id, event.type) == ("msg_1", "case.decided")
    assert event.data["decision"]["type"] == "approve"
    assert event.timestamp.startswith(str(datetime.now(UTC).year))


def test_a_raw_webhook_is_the_decision_alone():
    assert verify_webhook(*delivery(format="raw"), secret=SECRET).data["type"] == "approve"


def test_while_a_secret_is_exchanged_either_side_may_be_ahead():
    body, headers = delivery(secrets=[OTHER, SECRET])
    assert verify_webhook(body, headers, secret=SECRET).id == "msg_1"
    body, headers = delivery(secrets=[SECRET])
    assert verify_webhook(body, headers, secret=[OTHER, SECRET]).id == "msg_1"


def test_the_client_believes_what_the_standard_library_of_webhooks_signs():
    at = datetime.now(UTC)
    body = json.dumps({"type": "x", "timestamp": "now", "data": {}})
    headers = {
        "Webhook-Id": "m",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(SECRET).sign("m", at, body),
    }
    assert verify_webhook(body.encode(), headers, secret=SECRET).type == "x"


def _altered(body, headers):
    return body.replace(b"approve", b"reject!"), headers


def _of_another_message(body, headers):
    return body, headers | {"webhook-id": "msg_2"}


def _without(name):
    return lambda body, headers: (body, {k: v for k, v in headers.items() if k != name})


@pytest.mark.parametrize(
    "spoil",
    [
        _altered,
        _of_another_message,
        lambda body, headers: (body, headers | {"webhook-signature": "v1,"}),
        lambda body, headers: (body, headers | {"webhook-signature": "v1,\u00e9"}),
        lambda body, headers: (body, headers | {"webhook-timestamp": "soon"}),
        _without("webhook-signature"),
        _without("webhook-timestamp"),
    ],
)
def test_a_spoilt_webhook_is_refused(spoil):
    with pytest.raises(WebhookError):
        verify_webhook(*spoil(*delivery()), secret=SECRET)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_webhook_from_another_time_is_refused(minutes):
    stale = delivery(at=datetime.now(UTC) + timedelta(minutes=minutes))
    with pytest.raises(WebhookError, match="long ago"):
        verify_webhook(*stale, secret=SECRET)


def test_a_webhook_signed_with_a_strangers_secret_is_refused():
    with pytest.raises(WebhookError):
        verify_webhook(*delivery(secrets=[OTHER]), secret=SECRET)


def test_an_empty_secret_believes_nobody():
    with pytest.raises(ValueError):
        verify_webhook(*delivery(), secret="whsec_")
