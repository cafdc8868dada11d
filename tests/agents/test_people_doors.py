"""Every door of the people's API: which scope opens it, and who stays outside."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import AgentKey
from agents.models.agent_key import Scope
from reviews.models import Decision, PersonalToken, Review
from reviews.models.personal_token import TokenScope
from tests.agents.persons import PersonClient
from tests.agents.test_keys import CALLS, PEOPLE
from tests.building import person
from tests.deciding import case_of

pytestmark = pytest.mark.django_db
READ, WORK, DECIDE = TokenScope.READ, TokenScope.WORK, TokenScope.DECIDE
ONE = "api/v1/reviews/<review:public_id>"
# A door that is not here fails the test below.
DOORS = {
    ("api/v1/reviews", "GET"): READ,
    ("api/v1/reviews/claim-next", "POST"): WORK,
    (ONE, "GET"): READ,
    (f"{ONE}/claim", "POST"): WORK,
    (f"{ONE}/renew", "POST"): WORK,
    (f"{ONE}/release", "POST"): WORK,
    (f"{ONE}/answer", "POST"): DECIDE,
    (f"{ONE}/decide", "POST"): DECIDE,
    (f"{ONE}/undo", "POST"): DECIDE,
    (f"{ONE}/ask-agent", "POST"): WORK,
    (f"{ONE}/escalate", "POST"): WORK,
    (f"{ONE}/hand-over", "POST"): WORK,
    (f"{ONE}/snooze", "POST"): WORK,
    (f"{ONE}/skip", "POST"): WORK,
}
each_door = pytest.mark.parametrize(("route", "method"), DOORS)


@pytest.fixture
def review(house, agent):
    return Review.objects.get(case=case_of(agent.post(confidence=0.5)))


def knock(route, method, review, *, token="", client=None, headers=None):
    path = re.sub(r"<[^>]+>", f"review_{review.pk.hex}", route)
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    return (client or Client()).generic(
        method,
        f"/{path}",
        data="{}",
        content_type="application/json",
        headers=sent | (headers or {}),
    )


def test_every_door_is_listed_with_its_scope():
    found = {
        (route, method): scope
        for route, view in PEOPLE
        for method, scope in view.view_class.scopes.items()
    }
    assert found == DOORS


@each_door
def test_without_a_name_no_door_opens(route, method, review):
    answer = knock(route, method, review)
    assert answer.status_code == 401
    assert answer["content-type"] == "application/problem+json"


@each_door
def test_an_agents_key_opens_none(route, method, review, house):
    AgentKey.objects.update(scopes=Scope.values)
    answer = knock(route, method, review, token=house.key)
    assert answer.status_code == 403 and "agent's key" in answer.json()["detail"]
    assert Review.objects.get().state == "OPEN" and not Decision.objects.exists()


@each_door
def test_a_token_opens_what_it_was_made_for(route, method, review, house):
    needed = DOORS[route, method]
    others = [scope for scope in TokenScope.values if scope != needed]
    refused = knock(route, method, review, token=PersonClient(house.one, *others).token)
    assert refused.status_code == 403 and needed in refused.json()["detail"]
    opened = knock(route, method, review, token=PersonClient(house.one, needed).token)
    assert opened.status_code not in (401, 403, 404), opened.content


@each_door
def test_a_person_of_no_team_finds_nothing(route, method, review):
    answer = knock(route, method, review, token=PersonClient(person("stranger")).token)
    assert answer.status_code == (404 if "<" in route else {"GET": 200, "POST": 204}[method])
    assert review.case.public_id not in answer.content.decode()


@each_door
def test_a_token_that_is_out_opens_none(route, method, review, house):
    token = PersonClient(house.one).token
    rows = PersonalToken.objects.all()
    now = timezone.now()
    for spoil, mend in [
        ({"revoked_at": now}, {"revoked_at": None}),
        ({"expires_at": now}, {"expires_at": now + timedelta(hours=1)}),
    ]:
        rows.update(**spoil)
        assert knock(route, method, review, token=token).status_code == 401
        rows.update(**mend)
    house.one.is_active = False
    house.one.save()
    assert knock(route, method, review, token=token).status_code == 401
    assert knock(route, method, review, token=token[:-1] + "A").status_code == 401


@each_door
def test_a_session_opens_all_and_acts_only_with_its_csrf_token(route, method, review, house):
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.one)
    if method == "POST":
        refused = knock(route, method, review, client=client)
        assert refused.status_code == 403 and "CSRF" in refused.json()["detail"]
        assert Review.objects.get().state == "OPEN"
    client.get("/settings/")
    csrf = {"X-CSRFToken": client.cookies["csrftoken"].value}
    opened = knock(route, method, review, client=client, headers=csrf)
    assert opened.status_code not in (401, 403, 404), opened.content


@pytest.mark.parametrize(("route", "method"), CALLS)
def test_a_persons_token_opens_no_door_of_agents(route, method, review, house):
    token = PersonClient(house.one).token
    path = re.sub(r"<[^>]+>", review.case.public_id, route)
    answer = Client().generic(method, f"/{path}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_the_use_of_a_token_is_noted_to_the_minute(house):
    me = PersonClient(house.one)
    assert PersonalToken.objects.get().last_used_at is None
    me.get()
    first = PersonalToken.objects.get().last_used_at
    assert first is not None
    me.get()
    assert PersonalToken.objects.get().last_used_at == first
