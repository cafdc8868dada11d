"""Permits, checked by the client: what is forged, altered, over or of another action is refused."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from handrail_client import PermitError, PermitKeys, action_digest

ACTION = {"name": "refund", "args": {"order": "R-1", "amount": "90.00", "ratio": 0.1}}


class Signer:
    """The server's side of a permit, made here by PyJWT."""

    def __init__(self, kid="k1"):
        self.kid = kid
        self.private = Ed25519PrivateKey.generate()
        self.public = self.private.public_key()

    def keys(self):
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(self.public, as_dict=True)
        return {"keys": [jwk | {"kid": self.kid, "use": "sig", "alg": "EdDSA"}]}

    def permit(self, *, key=None, algorithm="EdDSA", headers=None, **changes):
        now = int(time.time())
        claims = {
            "iss": "https://handrail.example",
            "sub": "refund-agent",
            "case": "case_1",
            "decision": "d1",
            "action_digest": action_digest(ACTION),
            "reversibility": "REVERSIBLE",
            "approvers": ["u_7"],
            "by": "reviewer",
            "nonce": "n1",
            "iat": now,
            "exp": now + 600,
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(
            claims,
            self.private if key is None else key,
            algorithm,
            headers={"kid": self.kid} | (headers or {}),
        )


@pytest.fixture
def signer():
    return Signer()


@pytest.fixture
def keys(signer):
    return PermitKeys.from_document(signer.keys())


def test_a_permit_lets_exactly_its_action_run(signer, keys):
    permit = keys.verify(
        signer.permit(), ACTION, issuer="https://handrail.example", agent="refund-agent"
    )
    assert (permit.case, permit.nonce, permit.approvers) == ("case_1", "n1", ("u_7",))


def test_a_permit_is_of_no_other_action(signer, keys):
    larger = {"name": "refund", "args": ACTION["args"] | {"amount": "900.00"}}
    with pytest.raises(PermitError, match="not what was approved"):
        keys.verify(signer.permit(), larger)


def test_a_permit_is_for_no_other_agent_and_from_no_other_house(signer, keys):
    with pytest.raises(PermitError, match="another agent"):
        keys.verify(signer.permit(), ACTION, agent="another")
    with pytest.raises(PermitError):
        keys.verify(signer.permit(), ACTION, issuer="https://elsewhere.example")


def test_an_expired_permit_is_refused(signer, keys):
    with pytest.raises(PermitError, match="expired"):
        keys.verify(signer.permit(exp=int(time.time()) - 60), ACTION)


@pytest.mark.parametrize("claim", ["sub", "case", "action_digest", "nonce", "exp", "iat"])
def test_a_permit_that_leaves_something_out_is_refused(signer, keys, claim):
    with pytest.raises(PermitError):
        keys.verify(signer.permit(**{claim: None}), ACTION)


def test_a_forged_permit_is_refused(signer, keys):
    forger = Signer(kid=signer.kid)
    with pytest.raises(PermitError):
        keys.verify(forger.permit(), ACTION)
    with pytest.raises(PermitError, match="not known"):
        keys.verify(Signer(kid="k2").permit(), ACTION)


def test_an_altered_permit_is_refused(signer, keys):
    head, body, signature = signer.permit().split(".")
    other_body = signer.permit(nonce="n2").split(".")[1]
    for token in (f"{head}.{other_body}.{signature}", f"{head}.{body}.", "nonsense", "", "a.b.c"):
        with pytest.raises(PermitError):
            keys.verify(token, ACTION)


def test_a_permit_does_not_choose_its_own_algorithm(signer, keys):
    """The classic: the public key, which everybody has, used as an HMAC secret; and no key."""
    raw = signer.public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    symmetric = signer.permit(key=raw, algorithm="HS256")
    unsigned = signer.permit(key="", algorithm="none")
    for token in (symmetric, unsigned):
        with pytest.raises(PermitError):
            keys.verify(token, ACTION)


def test_keys_of_an_unknown_kind_are_passed_over(signer):
    rsa = {"kty": "RSA", "kid": signer.kid, "n": "AQAB", "e": "AQAB"}
    octets = {"kty": "oct", "kid": signer.kid, "k": "c2VjcmV0"}
    keys = PermitKeys.from_document({"keys": [rsa, octets]})
    with pytest.raises(PermitError, match="not known"):
        keys.verify(signer.permit(), ACTION)


def test_the_public_keys_are_asked_for_once_and_a_flood_of_strangers_asks_for_no_more(
    signer, server, handrail
):
    server.answer(200, signer.keys())
    for _ in range(2):
        assert handrail.verify_permit(signer.permit(), ACTION).nonce == "n1"
    for number in range(3):
        with pytest.raises(PermitError, match="not known"):
            handrail.verify_permit(Signer(kid=f"stranger-{number}").permit(), ACTION)
    assert [path for _, path, _, _ in server.requests] == ["/.well-known/handrail-keys.json"]


def test_a_new_key_of_the_server_is_found_when_it_signs(signer, server, handrail, monkeypatch):
    server.answer(200, signer.keys())
    handrail.verify_permit(signer.permit(), ACTION)
    renewed = Signer(kid="k2")
    server.answer(200, {"keys": signer.keys()["keys"] + renewed.keys()["keys"]})
    monkeypatch.setattr("handrail_client.permits.SECONDS_BETWEEN_LOOKS", 0.0)
    assert handrail.verify_permit(renewed.permit(), ACTION).nonce == "n1"
