"""Tokens for one's own programs, made and revoked on the settings page."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from reviews.models import AuditEntry, PersonalToken
from reviews.services.personal_tokens import MOST_USABLE, make_token

pytestmark = pytest.mark.django_db
ASKED = {"label": "Phone", "scopes": ["reviews:read", "reviews:work"], "life": "30"}


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def make(client, **changes):
    return client.post("/settings/tokens/make/", ASKED | {"password": "handrail"} | changes)


def token_on(page):
    found = re.search(r"hrp_[0-9a-f]{8}_[\w-]{43}", page.content.decode())
    return found[0] if found else None


def test_a_token_is_shown_once_and_stored_nowhere(one, house):
    made = make(one)
    text = token_on(made)
    assert text and "no-store" in made["Cache-Control"]
    row = PersonalToken.objects.get()
    assert row.user == house.one and row.scopes == ASKED["scopes"]
    assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)
    assert text.rpartition("_")[2] not in str(PersonalToken.objects.values_list())
    later = one.get("/settings/").content.decode()
    assert str(row) in later and "never used" in later and text not in later
    entry = AuditEntry.objects.get(event="token.created")
    assert entry.actor == f"user:{house.one.pk}"
    assert entry.content["data"]["scopes"] == ASKED["scopes"]


def test_a_screen_left_open_makes_no_token(one):
    refused = make(one, password="wrong")
    assert refused.status_code == 422 and "not your password" in refused.content.decode()
    assert 'value="Phone"' in refused.content.decode()
    assert not PersonalToken.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [{"label": ""}, {"scopes": []}, {"scopes": ["cases:create"]}, {"life": "9999"}],
)
def test_what_makes_no_sense_makes_no_token(one, changes):
    assert make(one, **changes).status_code == 422
    assert not PersonalToken.objects.exists()


def test_one_revokes_ones_own_and_nobody_elses(one, client, house):
    make(one)
    row = PersonalToken.objects.get()
    client.force_login(house.two)
    assert client.post(f"/settings/tokens/{row.pk}/revoke/").status_code == 404
    assert PersonalToken.objects.get().is_usable
    client.force_login(house.one)
    assert client.post(f"/settings/tokens/{row.pk}/revoke/").status_code == 302
    assert not PersonalToken.objects.get().is_usable
    assert str(row) not in client.get("/settings/").content.decode()
    assert AuditEntry.objects.filter(event="token.revoked").count() == 1


def test_a_token_too_many_is_refused_until_one_runs_out(one, house):
    for number in range(MOST_USABLE):
        make_token(house.one, label=str(number), scopes=["reviews:read"], life=timedelta(days=1))
    refused = make(one)
    assert refused.status_code == 422 and "revoke one first" in refused.content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        one.force_login(house.one)
        assert token_on(make(one))
