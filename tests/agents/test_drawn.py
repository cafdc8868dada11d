"""What a release draws from the data of a case: nothing unreadable slips past a gate."""

import pytest

from reviews.services.publishing import propose, publish
from tests.building import build_house, draft, proposal, trigger
from tests.conftest import AgentClient

pytestmark = pytest.mark.django_db


def desk(**properties):
    house = build_house()
    release = draft(house.workflow, house.admin, house.queue, house.extra["large"])
    schema = release.input_schema
    release.input_schema = schema | {"properties": schema["properties"] | properties}
    release.category_pointer = "/data/category" if "category" in properties else ""
    release.value_pointer = "/data/worth" if "worth" in properties else release.value_pointer
    release.save()
    if "category" in properties:
        gate = release.stages.get(key="approval").gate
        trigger(gate, "CATEGORY_IN", categories=["fraud"], position=9)
    propose(release, by=house.admin)
    publish(release, by=house.admin)
    return AgentClient(house.key)


@pytest.mark.parametrize("category", [None, [], {"name": "small"}, True])
def test_a_category_that_is_no_text_reaches_a_human(category):
    agent = desk(category={})
    body = proposal()
    body["data"]["category"] = category
    answer = agent.post(body).json()
    assert (answer["lane"], answer["reasons"][0]["trigger"]) == ("human", "category_in")


@pytest.mark.parametrize("worth", [9007199254740991, 1e300, -1e15])
def test_a_value_beyond_what_is_kept_is_refused_where_it_stands(worth):
    agent = desk(worth={"type": "number"})
    body = proposal()
    body["data"]["worth"] = worth
    answer = agent.post(body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/data/worth"
