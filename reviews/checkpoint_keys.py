"""Which keys sign checkpoints of the record, and the places outside of the database they go to."""

from typing import Final

from django.conf import settings

from workflows.key_ring import KeyRing, key_ring_of

# The storage of Django's that a run names when it is to be kept as a file.
STORE: Final = "store:"


def key_ring() -> KeyRing:
    """Raises ImproperlyConfigured, in words that show no key."""
    return key_ring_of(settings.CHECKPOINT_KEYS, setting="HANDRAIL_CHECKPOINT_KEYS")


def destinations() -> list[str]:
    """STORE and addresses."""
    store = [STORE] if "checkpoints" in settings.STORAGES else []
    return store + ([settings.CHECKPOINT_WEBHOOK] if settings.CHECKPOINT_WEBHOOK else [])
