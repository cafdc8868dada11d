"""Whatever is typed into whichever field: it is stored or refused in words, never an error."""

import os
import re

import pytest

from agents.services import save_endpoint
from reviews.services.publishing import lint, new_draft
from tests.building import House
from tests.flows.admin_pages import logged_in, page_of, values_of
from workflows.models import Secret, WebhookEndpoint

# For a thorough look by hand; it takes some minutes.
THOROUGH = bool(os.environ.get("HANDRAIL_THOROUGH"))
VALUES = ["nul \x00 byte", "9" * 400]
if THOROUGH:
    VALUES += ["😀\u202e'\"</textarea>\\", "-1", "1e400", "NaN", "null", '[{"a": "\\ud800"}]']
    VALUES += ['{"a": 1e999}', "0", "32768", " ", "²"]
PAGES = ["gate", "action stage", "queue", "agent", "team"]
if THOROUGH:
    PAGES += ["release", "gate stage", "user", "workflow", "endpoint", "secret"]


def rows(house: House) -> dict:
    draft = new_draft(house.workflow, by=house.admin)
    gate = draft.stages.get(key="approval").gate
    endpoint = WebhookEndpoint(agent=house.agent, label="hooks")
    save_endpoint(endpoint, by=house.admin, url="https://agent.example/")
    secret = Secret(name="ledger")
    secret.value = "x"
    secret.save()
    return {
        "release": draft,
        "gate": gate,
        "gate stage": gate.stage,
        "action stage": draft.stages.get(key="pay"),
        "queue": house.queue,
        "agent": house.agent,
        "team": house.extra["team"],
        "user": house.one,
        "workflow": house.workflow,
        "endpoint": endpoint,
        "secret": secret,
    }


def is_of_interest(field: str) -> bool:
    """Of several rows of one kind the first is enough; what counts the rows is Django's."""
    return THOROUGH or not re.search(r"-([1-9]|[A-Z]+_FORMS)", field)


@pytest.mark.parametrize("name", PAGES)
def test_no_field_of_a_page_can_be_filled_so_that_it_fails(house, name):
    client = logged_in(house.admin)
    client.raise_request_exception = False
    row = rows(house)[name]
    shown = values_of(client.get(page_of(row)))
    for field in filter(is_of_interest, shown):
        for value in VALUES:
            status = client.post(page_of(row), shown | {field: value}).status_code
            assert status in (200, 302), f"{field} = {value[:20]!r} answered {status}"
    assert client.get(page_of(row)).status_code == 200
    if name == "release":
        lint(row)
