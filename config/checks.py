"""What would fail later, said at the start, with an id to look up or to silence."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from agents.permit_keys import key_ring
from reviews import checkpoint_keys
from workflows.encryption import decrypt, encrypt

SHORTEST_SAMPLING_SECRET = 32
OLDEST_POSTGRESQL = 15


def check_encryption_keys(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    try:
        fits = decrypt(encrypt("handrail")) == "handrail"
    except (ImproperlyConfigured, IndexError, TypeError) as error:
        fits, words = False, str(error)
    else:
        words = ""
    if fits:
        return []
    hint = (
        "Make one with cryptography.fernet.Fernet.generate_key(). Keep it: it opens what it shut."
    )
    return [
        Error(f"HANDRAIL_ENCRYPTION_KEYS cannot be used. {words}", hint=hint, id="handrail.E001")
    ]


def check_sampling_secret(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    if len(settings.SAMPLING_SECRET) >= SHORTEST_SAMPLING_SECRET:
        return []
    words = (
        f"HANDRAIL_SAMPLING_SECRET has fewer than {SHORTEST_SAMPLING_SECRET} bytes: an agent that "
        "guesses it knows which of its cases nobody will look at."
    )
    return [_grave(words, number=2)]


def check_broker(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    if settings.CELERY_BROKER_URL:
        return []
    words = "No broker is named: set REDIS_URL or CELERY_BROKER_URL, or no outcome will ever run."
    return [_grave(words, number=3)]


def check_permit_keys(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    try:
        signing = key_ring().signing
    except ImproperlyConfigured as error:
        return [Error(str(error), id="handrail.E006")]
    if signing is not None:
        return []
    words = "No private key signs permits: agents that act themselves would get none."
    hint = (
        "Give the web process HANDRAIL_PERMIT_KEYS or HANDRAIL_PERMIT_KEYS_FILE; others need none."
    )
    return [Warning(words, hint=hint, id="handrail.W006")]


def check_checkpoint_keys(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    """A checkpoint that stays in the database proves nothing against who owns it."""
    try:
        signing = checkpoint_keys.key_ring().signing
    except ImproperlyConfigured as error:
        return [Error(str(error), id="handrail.E007")]
    if signing is None or checkpoint_keys.destinations():
        return []
    words = "Checkpoints of the record are signed and published nowhere."
    hint = (
        "Set HANDRAIL_CHECKPOINT_DIR, HANDRAIL_CHECKPOINT_STORAGE or HANDRAIL_CHECKPOINT_WEBHOOK."
    )
    return [Warning(words, hint=hint, id="handrail.W007")]


def check_postgresql(
    app_configs: object, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "postgresql":
            found.append(Error("Handrail runs on PostgreSQL alone.", id="handrail.E004"))
        elif connection.pg_version < OLDEST_POSTGRESQL * 10_000:
            version = connection.pg_version // 10_000
            words = f"PostgreSQL {version} is too old: {OLDEST_POSTGRESQL} or newer is needed."
            found.append(Error(words, id="handrail.E004"))
    return found


def check_database_role(
    app_configs: object, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A superuser can switch off the triggers that keep the record and the releases."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
            name, is_superuser = cursor.fetchone()
        if is_superuser:
            words = f"The database role {name} is a superuser: it could switch the guards off."
            hint = "Run the site as a role of its own that is neither superuser nor owner."
            found.append(Warning(words, hint=hint, id="handrail.W005"))
    return found


def _grave(words: str, *, number: int) -> CheckMessage:
    """What stops a site, and what a developer's machine may do without."""
    kind, letter = (Warning, "W") if settings.DEBUG else (Error, "E")
    return kind(words, id=f"handrail.{letter}{number:03}")


def register_checks() -> None:
    register(check_encryption_keys, Tags.security)
    register(check_sampling_secret, Tags.security)
    register(check_broker, Tags.security)
    register(check_permit_keys, Tags.security, deploy=True)
    register(check_checkpoint_keys, Tags.security, deploy=True)
    register(check_postgresql, Tags.database)
    register(check_database_role, Tags.database, deploy=True)
