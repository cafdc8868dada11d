"""Slack as the site sees it: a real server in its place, and presses signed as Slack signs them."""

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from slack_sdk.signature import SignatureVerifier

from tests.reviews.target import Received, Target
from workflows.models import ChatApp, ChatChannel, Queue, Secret

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TOKEN = "xoxb-1-very-secret"
CHANNEL = "C0123ABCD"


@dataclass
class Slack:
    """What it was told, as (method, body); `errors` are answered before anything else."""

    target: Target
    errors: list[str] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def answer(self, request: Received) -> bytes:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        body = json.loads(request.body)
        if self.errors:
            return json.dumps({"ok": False, "error": self.errors.pop(0)}).encode()
        self.told.append((request.path.rpartition("/")[2], body))
        ts = body.get("ts") or f"1700000000.{next(self.numbers):06}"
        return json.dumps(
            {"ok": True, "channel": body["channel"], "ts": ts, "message": body}
        ).encode()

    def of(self, method: str) -> list[dict[str, Any]]:
        return [body for name, body in self.told if name == method]

    @property
    def posted(self) -> dict[str, Any]:
        return self.of("chat.postMessage")[-1]


def connect(queue: Queue, *, label: str = "Work") -> ChatApp:
    """As an admin sets it up."""
    rows = []
    for name, value in (("slack-token", TOKEN), ("slack-signing", SIGNING_SECRET)):
        secret, _made = Secret.objects.get_or_create(name=name, defaults={"value_encrypted": b""})
        secret.value = value
        secret.save()
        rows.append(secret)
    app = ChatApp.objects.create(label=label, token=rows[0], signing_secret=rows[1])
    ChatChannel.objects.create(queue=queue, app=app, channel=CHANNEL)
    return app


def button(message: dict[str, Any], verdict: str) -> dict[str, Any]:
    found = [one for one in buttons(message) if one["action_id"] == verdict]
    assert found, f"no button {verdict}"
    return found[0]


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one
        for block in message["blocks"]
        if block["type"] == "actions"
        for one in block["elements"]
    ]


def shown(node: Any) -> str:
    """Every text that Slack would draw, in order."""
    if isinstance(node, list):
        return "\n".join(filter(None, map(shown, node)))
    if not isinstance(node, dict):
        return ""
    text = node.get("text")
    own = text if isinstance(text, str) else shown(text)
    return "\n".join(filter(None, [own, shown(node.get("elements"))]))


def press(
    app: ChatApp,
    value: str,
    verdict: str = "approve",
    *,
    user: str = "U1",
    moment: str = "1700000001.1",
    secret: str = SIGNING_SECRET,
    at: float | None = None,
    method: str = "POST",
    **headers: str,
) -> Any:
    """One press, as Slack tells of it."""
    payload = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": user, "username": "jo", "team_id": "T1"},
        "channel": {"id": CHANNEL},
        "api_app_id": "A1",
        "token": "x",
        "trigger_id": "1.2.3",
        "actions": [
            {
                "type": "button",
                "action_id": verdict,
                "value": value,
                "action_ts": moment,
                "block_id": "b",
            }
        ],
    }
    body = urlencode({"payload": json.dumps(payload)})
    stamp = str(int(time.time() if at is None else at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature} | headers
    return Client().generic(
        method,
        f"/chat/{app.pk}/",
        body,
        content_type="application/x-www-form-urlencoded",
        headers=signed,
    )
