"""The outcome kind that speaks in Slack: calls of its Web API, like any other request.

Whatever somebody else wrote stands in the text elements of rich text blocks, which Slack shows as
they are: no mention, link or formatting can be written in them. Only our own words are mrkdwn,
and escaped all the same.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import rfc8785

from reviews.outcomes import Failed, Outcome, Retry, Succeeded, http_request
from reviews.outcomes.chat import Card
from reviews.outcomes.template import Rendered

POST, UPDATE, REPLY = "chat.postMessage", "chat.update", "chat.postEphemeral"
CONTENT_TYPE = "application/json; charset=utf-8"
# Slack gives the whole message back, and its answer is read, not only kept.
EXCERPT = 256 * 1024
TRY_AGAIN = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
STYLES = {"approve": "primary", "reject": "danger"}


def post(card: Card, *, api: str, token: str, channel: str) -> Rendered:
    return _call(api, POST, token, {"channel": channel, **_message(card)})


def update(card: Card, *, api: str, token: str, channel: str, message_id: str) -> Rendered:
    return _call(api, UPDATE, token, {"channel": channel, "ts": message_id, **_message(card)})


def reply(card: Card, *, api: str, token: str, channel: str, person: str) -> Rendered:
    """Seen by that person alone. A person is named with their workspace."""
    user = person.rpartition("/")[2]
    return _call(api, REPLY, token, {"channel": channel, "user": user, **_message(card)})


def say(text: str, *, api: str, token: str, channel: str) -> Rendered:
    """Words alone, exactly these."""
    blocks = [_rich(_section(_text(text)))]
    body = {"channel": channel, "text": escape(text), "blocks": blocks, **_plain_links()}
    return _call(api, POST, token, body)


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def deliver(request: Rendered, *, secrets: Callable[[str], str], key: str, **how: Any) -> Outcome:
    """Slack answers 200 to everything; whether it is a yes stands in the body."""
    outcome = http_request.deliver(
        request, secrets=secrets, idempotency_key=key, excerpt=EXCERPT, **how
    )
    if outcome.reply is None:
        return outcome
    told = _read(outcome.reply.body_excerpt)
    outcome = replace(outcome, reply=replace(outcome.reply, body_excerpt=json.dumps(told)))
    if not isinstance(outcome, Succeeded) or told.get("ok") is True:
        return outcome
    error = str(told.get("error", "no readable answer"))
    words = f"Slack answered: {error}."
    is_passing = error in TRY_AGAIN or not told
    return Retry(words, reply=outcome.reply) if is_passing else Failed(words, reply=outcome.reply)


def _read(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    kept = ("ok", "error", "channel", "ts")
    return {k: answer[k] for k in kept if k in answer} if isinstance(answer, dict) else {}


def _call(api: str, method: str, token: str, body: dict[str, Any]) -> Rendered:
    headers = {
        "Authorization": {"$secret": token, "prefix": "Bearer "},
        "Content-Type": CONTENT_TYPE,
    }
    return Rendered("POST", f"{api}/{method}", headers, rfc8785.dumps(body))


def _message(card: Card) -> dict[str, Any]:
    parts = [_section(_text(card.title, bold=True))]
    for name, value in card.facts:
        parts += [_section(_text(name, bold=True)), _preformatted(value)]
    if card.said:
        parts.append(_quote(_text(f"{card.said_label} ", italic=True), _text(card.said)))
    if card.note:
        parts.append(_section(_text(card.note)))
    parts.append(_section(_text(card.footer, code=True)))
    return {
        "text": escape(card.fallback),
        "blocks": [_rich(*parts), *_actions(card)],
        **_plain_links(),
    }


def _plain_links() -> dict[str, bool]:
    """Slack does not open the addresses that somebody wrote, nor join @ and # to names."""
    return {"unfurl_links": False, "unfurl_media": False, "link_names": False}


def _actions(card: Card) -> list[dict[str, Any]]:
    elements = [
        {
            "type": "button",
            "action_id": button.verdict,
            "text": _plain(button.label),
            "value": card.value,
            "confirm": {
                "title": _plain(button.label),
                "text": _plain(button.question),
                "confirm": _plain(button.label),
                "deny": _plain("×"),  # noqa: RUF001
            },
            **({"style": STYLES[button.verdict]} if button.verdict in STYLES else {}),
        }
        for button in card.buttons
    ]
    if card.link:
        text = _plain(card.link_label)
        elements.append({"type": "button", "action_id": "open", "text": text, "url": card.link})
    return [{"type": "actions", "elements": elements}] if elements else []


def _rich(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(parts)}


def _section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def _quote(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_quote", "elements": list(elements)}


def _preformatted(text: str) -> dict[str, Any]:
    return {"type": "rich_text_preformatted", "elements": [_text(text)]}


def _text(text: str, **style: bool) -> dict[str, Any]:
    # Slack refuses an empty text.
    element = {"type": "text", "text": text or " "}
    return {**element, "style": style} if style else element


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
