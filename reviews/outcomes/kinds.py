"""What each kind of outcome rule makes of its template, at the moment of the decision.

An HTTP request is itself. What is done in the house has the same form, so that it is stored,
shown, hashed and compared in the same way: a verb, what it is done to, and a body of JSON.
"""

from collections.abc import Callable, Mapping
from typing import Any

import rfc8785

from reviews.outcomes import slack_message
from reviews.outcomes.template import Json, Rendered, TemplateError, fill, render, scalar

HTTP_REQUEST, SLACK_MESSAGE = "http_request", "slack_message"
UPDATE_RECORD, START_CASE, CALLABLE = "update_record", "start_case", "callable"
VERBS = {UPDATE_RECORD: "UPDATE", START_CASE: "OPEN", CALLABLE: "CALL"}
LONGEST_TEXT = 3000

Document = Mapping[str, Json]


def rendered(
    kind: str, template: Mapping[str, Json], document: Document, *, slack: str
) -> Rendered:
    """`slack` is the address of its Web API. Raises TemplateError in words."""
    if kind == SLACK_MESSAGE:
        return _slack_message(template, document, slack)
    make = _IN_THE_HOUSE.get(kind)
    return make(template, document) if make else render(template, document)


def _slack_message(template: Mapping[str, Json], document: Document, api: str) -> Rendered:
    parts = fill(template["text"], document)
    text = "".join(scalar(part, place="the text") for part in parts)
    if len(text) > LONGEST_TEXT:
        raise TemplateError(f"The text is longer than {LONGEST_TEXT} characters.")
    return slack_message.say(text, api=api, token=template["token"], channel=template["channel"])


def _update_record(template: Mapping[str, Json], document: Document) -> Rendered:
    names = ("key", "set", "expect")
    body = {name: fill(template[name], document) for name in names if name in template}
    scalar(body["key"], place="the key of the record")
    return _in_the_house(UPDATE_RECORD, template["record"], body)


def _start_case(template: Mapping[str, Json], document: Document) -> Rendered:
    return _in_the_house(START_CASE, template["workflow"], fill(template["case"], document))


def _callable(template: Mapping[str, Json], document: Document) -> Rendered:
    return _in_the_house(CALLABLE, template["function"], fill(template["args"], document))


_IN_THE_HOUSE: Mapping[str, Callable[[Mapping[str, Json], Document], Rendered]] = {
    UPDATE_RECORD: _update_record,
    START_CASE: _start_case,
    CALLABLE: _callable,
}


def _in_the_house(kind: str, target: str, body: Any) -> Rendered:
    try:
        return Rendered(VERBS[kind], target, {}, rfc8785.dumps(body))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise TemplateError(f"It cannot be written as JSON: {error}.") from error
