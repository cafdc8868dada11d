"""The web process's key store: which keys sign permits and which are published to check them."""

from django.conf import settings

from workflows.key_ring import KeyRing, key_ring_of


def key_ring() -> KeyRing:
    """Raises ImproperlyConfigured, in words that show no key."""
    return key_ring_of(settings.PERMIT_KEYS, setting="HANDRAIL_PERMIT_KEYS")
