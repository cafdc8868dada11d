"""What a site says at its start rather than at its first case."""

import pytest
from django.core.checks import run_checks
from django.db import connection, connections

from config import checks


def ids(found) -> list[str]:
    return [message.id for message in found]


@pytest.mark.parametrize("keys", [[], [""], ["too-short"], ["build"]])
def test_encryption_keys_that_cannot_be_read_are_an_error(settings, keys):
    settings.ENCRYPTION_KEYS = keys
    assert ids(checks.check_encryption_keys(None)) == ["handrail.E001"]


def test_readable_encryption_keys_are_silent():
    assert checks.check_encryption_keys(None) == []


def test_a_short_sampling_secret_is_an_error_except_on_a_developers_machine(settings):
    settings.SAMPLING_SECRET = b"x" * 31
    assert ids(checks.check_sampling_secret(None)) == ["handrail.E002"]
    settings.DEBUG = True
    assert ids(checks.check_sampling_secret(None)) == ["handrail.W002"]
    settings.SAMPLING_SECRET = b"x" * 32
    assert checks.check_sampling_secret(None) == []


def test_a_site_without_a_broker_is_told_so(settings):
    settings.CELERY_BROKER_URL = ""
    assert ids(checks.check_broker(None)) == ["handrail.E003"]
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:6379/0"
    assert checks.check_broker(None) == []


@pytest.mark.parametrize(
    ("keys", "expected"), [("", ["handrail.W006"]), ("no key", ["handrail.E006"])]
)
def test_permit_keys_that_are_missing_or_unreadable_are_told_of(settings, keys, expected):
    assert ids(checks.check_permit_keys(None)) == []
    settings.PERMIT_KEYS = keys
    found = checks.check_permit_keys(None)
    assert ids(found) == expected and "no key" not in str(found[0])


def test_checkpoints_that_stay_in_the_database_are_warned_of(settings):
    places = {k: v for k, v in settings.STORAGES.items() if k != "checkpoints"}
    settings.STORAGES, settings.CHECKPOINT_WEBHOOK = places, ""
    assert ids(checks.check_checkpoint_keys(None)) == ["handrail.W007"]
    settings.CHECKPOINT_WEBHOOK = "https://notary.example/"
    assert checks.check_checkpoint_keys(None) == []
    settings.CHECKPOINT_KEYS = "no key"
    found = checks.check_checkpoint_keys(None)
    assert ids(found) == ["handrail.E007"] and "no key" not in str(found[0])


@pytest.mark.parametrize(("version", "expected"), [(140010, ["handrail.E004"]), (150000, [])])
def test_an_old_postgresql_is_an_error(db, monkeypatch, version, expected):
    monkeypatch.setattr(connections["default"], "pg_version", version)
    assert ids(checks.check_postgresql(None, databases=["default"])) == expected


def test_a_superuser_role_is_warned_of_at_deployment_alone(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE handrail_plain")
        cursor.execute("SET LOCAL ROLE handrail_plain")
        assert checks.check_database_role(None, databases=["default"]) == []
        cursor.execute("RESET ROLE")
        cursor.execute("DROP ROLE handrail_plain")
    at_start = run_checks(databases=["default"])
    assert "handrail.W005" not in ids(at_start)
