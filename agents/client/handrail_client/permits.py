"""Permits: what a tool checks before it runs, so that only what was approved runs, and once.

Needs the extra `permits`. The signature, the time and the action are checked here, with no call to
the server but for its public keys; that it was not used before, taken back or stopped since only
the server knows, which `redeem` asks.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from handrail_client.canonical import action_digest
from handrail_client.exchange import Flow
from handrail_client.flows import Flows

try:
    import jwt
except ImportError:  # everything but permits works without it
    jwt = None

# The one algorithm that counts. What a token says of itself is never asked for one.
ALGORITHM: Final = "EdDSA"
LEEWAY_SECONDS: Final = 10
# A flood of tokens with invented key ids must not become a flood of questions to the server.
SECONDS_BETWEEN_LOOKS: Final = 30.0
REQUIRED: Final = ["iss", "sub", "case", "decision", "action_digest", "nonce", "iat", "exp"]


class PermitError(Exception):
    """The action must not run: the permit is forged, altered, over, or of another action."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What a checked permit says."""

    issuer: str
    agent: str
    case: str
    decision: str
    verdict: str
    action_digest: str
    reversibility: str
    approvers: tuple[str, ...]
    by: str
    nonce: str
    expires_at: int
    claims: Mapping[str, Any] = field(repr=False)


class PermitKeys:
    """The public keys of one server, by key id: as read from /.well-known/handrail-keys.json."""

    def __init__(self, keys: Mapping[str, "jwt.PyJWK"]) -> None:
        self._keys = dict(keys)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Keys of a kind that is not known here are passed over: they are of later servers."""
        _require_jwt()
        keys = {}
        for each in document.get("keys") or ():
            if each.get("kty") == "OKP" and each.get("crv") == "Ed25519" and each.get("kid"):
                keys[str(each["kid"])] = jwt.PyJWK(each, algorithm=ALGORITHM)
        return cls(keys)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        return cls.from_document(json.loads(text))

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._keys

    def verify(
        self,
        token: str,
        action: Mapping[str, Any],
        *,
        issuer: str | None = None,
        agent: str | None = None,
    ) -> Permit:
        """The permit, if it lets exactly this action run now. Raises PermitError.

        `agent` is who is expected to ask; a tool that serves several leaves it out and reads it
        from the permit."""
        claims = self._claims(token, issuer)
        if agent is not None and claims["sub"] != agent:
            raise PermitError("This permit was given to another agent.")
        if claims["action_digest"] != action_digest(action):
            raise PermitError("What is about to run is not what was approved.")
        return _permit(claims)

    def _claims(self, token: str, issuer: str | None) -> dict[str, Any]:
        key = self._keys.get(key_id_of(token))
        if key is None:
            raise PermitError("This permit is signed with a key that is not known here.")
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED, "verify_aud": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise PermitError("This permit has expired.") from error
        except jwt.PyJWTError as error:
            raise PermitError(f"This permit is not valid: {error}.") from error


class PermitChecker:
    """Keys of the server at hand: asked for once, and again when one that is not known signs."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._keys = PermitKeys({})
        self._looked_at: float | None = None

    def verify(
        self, token: str, action: Mapping[str, Any], *, issuer: str | None, agent: str | None
    ) -> Flow[Permit]:
        _require_jwt()
        if key_id_of(token) not in self._keys and self._may_look():
            self._keys = PermitKeys.from_json((yield from self._flows.permit_keys()))
            self._looked_at = time.monotonic()
        return self._keys.verify(token, action, issuer=issuer, agent=agent)

    def _may_look(self) -> bool:
        now = time.monotonic()
        return self._looked_at is None or now - self._looked_at > SECONDS_BETWEEN_LOOKS


def _require_jwt() -> None:
    if jwt is None:
        raise ImportError("Checking permits needs: pip install 'handrail-client[permits]'")


def key_id_of(token: str) -> str:
    """Says which key to look for and nothing else: no part of an unchecked header is believed."""
    try:
        return str(jwt.get_unverified_header(token).get("kid") or "")
    except jwt.PyJWTError as error:
        raise PermitError("This is no permit.") from error


def _permit(claims: Mapping[str, Any]) -> Permit:
    approvers = claims.get("approvers") or ()
    return Permit(
        issuer=str(claims["iss"]),
        agent=str(claims["sub"]),
        case=str(claims["case"]),
        decision=str(claims["decision"]),
        verdict=str(claims.get("verdict") or ""),
        action_digest=str(claims["action_digest"]),
        reversibility=str(claims.get("reversibility") or "IRREVERSIBLE"),
        approvers=tuple(map(str, approvers)) if isinstance(approvers, Sequence) else (),
        by=str(claims.get("by") or ""),
        nonce=str(claims["nonce"]),
        expires_at=int(claims["exp"]),
        claims=claims,
    )
