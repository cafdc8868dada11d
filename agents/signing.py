"""Only this module holds a permit's text, and only for as long as an answer takes."""

from collections.abc import Mapping
from typing import Any

import jwt

from workflows.key_ring import SigningKey


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    """A compact JWS. `typ` keeps it from being taken for another kind of token."""
    headers = {"kid": key.id, "typ": "handrail-permit+jwt"}
    return jwt.encode(dict(claims), key.private, algorithm="EdDSA", headers=headers)
