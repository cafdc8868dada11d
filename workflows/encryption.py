"""What is encrypted at rest: secrets by reference, callback addresses, webhook signing keys."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "HANDRAIL_ENCRYPTION_KEYS must be Fernet keys (32 bytes, url-safe base64)."
        ) from error


def encrypt(text: str) -> bytes:
    return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode())


def decrypt(token: bytes) -> str:
    """Raises ImproperlyConfigured when no key in the settings fits."""
    try:
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(bytes(token)).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored secret fits none of HANDRAIL_ENCRYPTION_KEYS; put the old key back."
        ) from error
