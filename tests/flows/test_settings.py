"""One person's settings: times, language, keys, and being away."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from reviews.keys import ACTIONS, DEFAULTS, conflicts
from reviews.models import AuditEntry, Review, UserSettings
from tests.building import person
from tests.deciding import case_of
from workflows.models import Absence

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def save(client, **changes):
    form = client.get("/settings/").context["form"]
    values = {}
    for bound in form:
        value = bound.value()
        if value not in (None, False):
            values[bound.html_name] = "on" if value is True else value
    values |= changes
    return client.post("/settings/", {k: v for k, v in values.items() if v is not None})


def test_times_are_shown_in_ones_own_zone(one, agent, house):
    case = case_of(agent.post(confidence=0.5))
    due = datetime(2040, 1, 10, 12, 0, tzinfo=UTC)
    Review.objects.filter(case=case).update(due_at=due)
    assert "due 10 Jan 12:00" in one.get("/").content.decode()
    assert save(one, time_zone="Asia/Tokyo").status_code == 302
    assert "due 10 Jan 21:00" in one.get("/").content.decode()


def test_a_zone_or_language_nobody_knows_is_refused_and_nothing_typed_is_lost(one, house):
    refused = save(one, time_zone="Mars/Base", language="xx", key_next="w")
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "not one of the available choices" in shown and 'value="w"' in shown
    assert not UserSettings.objects.exists()


def test_a_page_speaks_the_language_of_its_reader_and_agents_english(one, agent):
    with translation.override("en"):
        save(one, language="de")
        shown = one.get("/")
    assert shown["Content-Language"] == "de" and '<html lang="de"' in shown.content.decode()
    answer = agent.http.get("/api/v1/cases/x", headers={"Accept-Language": "de"})
    assert "Anmeldedaten" not in answer.content.decode()


def test_a_key_of_ones_own_is_on_the_button_and_in_the_list(one, house):
    assert save(one, key_next="w").status_code == 302
    shown = one.get("/").content.decode()
    assert 'data-key="w"' in shown and 'data-key="n"' not in shown
    assert '<kbd aria-hidden="true">w</kbd>' in shown and "<dt><kbd>w</kbd></dt>" in shown
    assert UserSettings.objects.get().keys == {"next": "w"}


def test_two_actions_never_share_a_key(one, house):
    refused = save(one, key_approve="r")
    assert refused.status_code == 422
    assert refused.content.decode().count("Also the key for") == 2
    assert "One character" in save(one, key_approve="\u200b").content.decode()
    assert not UserSettings.objects.exists()


def test_every_action_has_a_key_of_its_own():
    assert conflicts(DEFAULTS) == {} and len(DEFAULTS) == len(ACTIONS)


def test_single_keys_can_be_off(one, house):
    save(one, single_keys=None)
    shown = one.get("/").content.decode()
    assert "data-off" in shown and "without-keys" in shown


def test_settings_cost_a_page_no_query(one, house, agent):
    agent.post(confidence=0.5)
    one.get("/")
    before = _queries(one)
    save(one, time_zone="Asia/Tokyo", density="COMPACT")
    one.get("/")
    assert _queries(one) == before


def _queries(client):
    with CaptureQueriesContext(connection) as caught:
        client.get("/")
    return len(caught)


def test_one_plans_ones_own_absence_in_days_and_comes_back_early(one, house):
    save(one, time_zone="Asia/Tokyo")
    today = timezone.localdate()
    form = {"first_day": today, "last_day": today + timedelta(days=2), "delegate": house.two.pk}
    assert one.post("/absences/plan/", form).url == "/settings/"
    absence = Absence.objects.get()
    assert absence.user == house.one and absence.delegate == house.two
    assert absence.ends_at - absence.starts_at == timedelta(days=3)
    assert absence.starts_at.astimezone(UTC).hour == 15
    assert "stands in" in one.get("/settings/").content.decode()
    assert one.post(f"/absences/{absence.pk}/end/").url == "/settings/"
    assert not Absence.objects.now().exists()
    entry = AuditEntry.objects.filter(event="absence.ended").get()
    assert entry.actor == f"user:{house.one.pk}"


def test_an_absence_that_makes_no_sense_is_refused_at_its_field(one, house):
    stranger = person("stranger")
    today = timezone.localdate()
    for changes, words in (
        ({"last_day": today - timedelta(days=1)}, "ends before it begins"),
        ({"first_day": "2020-01-01", "last_day": "2020-02-01"}, "That day is over"),
        ({"last_day": "9999-12-31"}, "At most two years"),
        ({"first_day": "0001-01-01"}, "At most two years"),
        ({"first_day": "tomorrow"}, "Enter a valid date"),
        ({"delegate": stranger.pk}, "Select a valid choice"),
    ):
        form = {"first_day": today, "last_day": today + timedelta(days=1)} | changes
        refused = one.post("/absences/plan/", form)
        assert refused.status_code == 422 and words in refused.content.decode(), changes
    assert not Absence.objects.exists()


def test_nobody_ends_the_absence_of_somebody_else(one, house):
    now = timezone.now()
    theirs = Absence.objects.create(user=house.two, starts_at=now, ends_at=now + timedelta(days=1))
    assert one.post(f"/absences/{theirs.pk}/end/").status_code == 404
    assert Absence.objects.now().exists()
