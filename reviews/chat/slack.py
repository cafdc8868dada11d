"""Buttons pressed in Slack, read by Slack's own library: it checks signature and time. Nothing is
decided here, and nothing is sent from here."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltRequest
from slack_bolt.authorization import AuthorizeResult

from reviews.chat import Heard
from reviews.outcomes.chat import Pressed

VERDICTS = ("approve", "reject")
PRESSED = "handrail_pressed"


def hear(body: str, headers: Mapping[str, str], *, signing_secret: str) -> Heard:
    given = {name: [value] for name, value in headers.items()}
    request = BoltRequest(body=body, headers=given)
    answer = _app(signing_secret).dispatch(request)
    return Heard(answer.status, answer.body or "", request.context.get(PRESSED))


@lru_cache(maxsize=16)
def _app(signing_secret: str) -> App:
    app = App(
        signing_secret=signing_secret,
        authorize=_authorize,
        # In this thread and before the answer: a press is on record when Slack hears 200.
        process_before_response=True,
    )
    for verdict in VERDICTS:
        app.action(verdict)(_pressed)
    app.action("open")(_opened)
    return app


def _authorize(**_given: Any) -> AuthorizeResult:
    """Slack is not asked who we are: its signature says whom it means."""
    return AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-unused")


def _pressed(ack: Ack, body: dict[str, Any], action: dict[str, Any], context: BoltContext) -> None:
    user = body["user"]
    context[PRESSED] = Pressed(
        person=f"{user.get('team_id') or body.get('team', {}).get('id', '')}/{user['id']}"[:80],
        name=str(user.get("username") or user.get("name") or "")[:80],
        moment=str(action.get("action_ts", ""))[:40],
        verdict=action["action_id"],
        value=str(action.get("value", "")),
    )
    ack()


def _opened(ack: Ack) -> None:
    """A link tells that it was followed."""
    ack()
