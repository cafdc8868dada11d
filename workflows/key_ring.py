"""Key stores in settings: which Ed25519 key signs, and which are published to check with."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from django.core.exceptions import ImproperlyConfigured

BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)
WRONG = (
    "{} holds something that is no Ed25519 key in PEM; "
    "`openssl genpkey -algorithm ed25519` makes one."
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    id: str
    private: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class KeyRing:
    signing: SigningKey | None
    published: tuple[dict[str, str], ...]


@lru_cache(maxsize=8)
def key_ring_of(text: str, *, setting: str) -> KeyRing:
    """The first private key signs, the public halves of all are published. Raises
    ImproperlyConfigured with the name of the setting, in words that show no key."""
    signing, published = None, []
    if text.strip() and not BLOCK.search(text):
        raise ImproperlyConfigured(WRONG.format(setting))
    for block in BLOCK.finditer(text):
        key = _key(block[0].encode(), setting)
        public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
        shown = _shown(public)
        if signing is None and isinstance(key, Ed25519PrivateKey):
            signing = SigningKey(shown["kid"], key)
        published.append(shown)
    return KeyRing(signing, tuple(published))


def _key(pem: bytes, setting: str) -> Ed25519PrivateKey | Ed25519PublicKey:
    load = load_pem_public_key if b"PUBLIC" in pem else load_private
    try:
        key = load(pem)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(WRONG.format(setting)) from error
    if not isinstance(key, Ed25519PrivateKey | Ed25519PublicKey):
        raise ImproperlyConfigured(WRONG.format(setting))
    return key


def load_private(pem: bytes) -> object:
    return load_pem_private_key(pem, password=None)


def _shown(key: Ed25519PublicKey) -> dict[str, str]:
    """As a JSON Web Key, named by its thumbprint (RFC 7638)."""
    x = base64.urlsafe_b64encode(key.public_bytes_raw()).decode().rstrip("=")
    named = {"crv": "Ed25519", "kty": "OKP", "x": x}
    print_of_key = hashlib.sha256(json.dumps(named, separators=(",", ":")).encode()).digest()
    kid = base64.urlsafe_b64encode(print_of_key).decode().rstrip("=")
    return {**named, "kid": kid, "use": "sig", "alg": "EdDSA"}
