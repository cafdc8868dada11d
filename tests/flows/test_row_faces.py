"""What a row shows is drawn once; whatever changes in it must be seen at the next look."""

import pytest

from reviews.models import Case, Review
from tests.deciding import case_of
from workflows.models import Agent, Queue, Workflow

pytestmark = pytest.mark.django_db

CHANGES = {
    "the agent's name": (lambda: Agent.objects.update(name="Renamed agent"), "Renamed agent"),
    "the workflow's name": (lambda: Workflow.objects.update(name="Renamed flow"), "Renamed flow"),
    "the queue's name": (lambda: Queue.objects.update(name="Renamed queue"), "Renamed queue"),
    "the summary": (lambda: Case.objects.update(summary="Other words"), "Other words"),
    "the value": (lambda: Case.objects.update(value="1234.5"), "1,234.50"),
    "the confidence": (lambda: Case.objects.update(confidence=0.37), "0.37"),
    "the agent's version": (lambda: Case.objects.update(agent_version="9.9.9"), "9.9.9"),
    "the reference": (lambda: Case.objects.update(external_id="other-ref"), "other-ref"),
    "the kind": (lambda: Review.objects.update(kind="EXCEPTION"), ">exception<"),
    "the reasons": (
        lambda: Review.objects.update(reasons=[{"trigger": "always", "detail": "", "numbers": {}}]),
        "always",
    ),
    "what is hidden": (lambda: Case.objects.update(presentation="BLIND"), "your answer first"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_shows_a_change_at_the_next_look(client, house, agent, change):
    case = case_of(agent.post(confidence=0.5, summary="As it was"))
    client.force_login(house.one)
    make, seen = CHANGES[change]
    row = f'id="row-{case.reviews.get().pk.hex}"'
    before = client.get("/").content.decode().partition(row)[2].partition("</tr>")[0]
    assert before and seen not in before
    make()
    after = client.get("/").content.decode().partition(row)[2].partition("</tr>")[0]
    assert seen in after


def test_each_reads_the_row_in_their_own_language(client, house, agent):
    agent.post(confidence=0.5)
    client.force_login(house.one)
    assert (
        'aria-label="Choose ' in client.get("/", headers={"Accept-Language": "en"}).content.decode()
    )
    german = client.get("/", headers={"Accept-Language": "de"}).content.decode()
    assert 'aria-label="Choose ' not in german
