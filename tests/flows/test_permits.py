"""Permits: what the executing tool asks before it acts, through the agent's own door."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connection
from django.utils import timezone
from handrail_client.canonical import action_digest
from handrail_client.permits import PermitError, PermitKeys

from agents.models import AgentKey
from reviews.models import OutcomeRun, Permit
from reviews.services.stops import close_stop, open_stop
from tests.building import build_house, let_the_agent_act
from tests.conftest import AgentClient
from tests.deciding import case_of, events, take_and_decide
from workflows.models import Agent, Membership, WebhookEndpoint

pytestmark = pytest.mark.django_db
ACTION = {"name": "refund", "args": {"order": "A1", "amount": "90.00"}}


@pytest.fixture
def house(db):
    return let_the_agent_act(build_house())


@pytest.fixture
def keys(client):
    answer = client.get("/.well-known/handrail-keys.json")
    assert answer.status_code == 200 and "max-age" in answer["Cache-Control"]
    return PermitKeys.from_json(answer.content)


def read(agent, case):
    return agent.get(f"/api/v1/cases/{case.public_id}").json()


def redeem(agent, permit, **body):
    return agent.http.post(
        f"/api/v1/permits/{nonce_of(permit)}/redeem",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {agent.key}"},
    )


def nonce_of(permit):
    return part(permit, 1)["nonce"]


def part(permit, number):
    text = permit.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def encoded(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def approved(house, agent, **answer):
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, **answer)
    return case, read(agent, case)["permit"]


class TestIssuing:
    @pytest.mark.control("9.2.8")
    def test_an_approval_by_a_person_says_who_and_what(self, house, agent, keys, settings):
        case = case_of(agent.post(confidence=0.5))
        assert read(agent, case)["permit"] is None
        take_and_decide(house.one)
        permit = keys.verify(
            read(agent, case)["permit"], ACTION, issuer=settings.PUBLIC_URL, agent="refund-agent"
        )
        assert (permit.case, permit.by, permit.verdict) == (case.public_id, "reviewer", "approve")
        assert permit.approvers == (f"u_{house.one.pk}",)
        assert permit.reversibility == "REVERSIBLE"
        assert permit.claims["release"] == 2 and permit.claims["workflow"] == "refunds"
        assert "permit.issued" in events(case)

    def test_the_automatic_lane_says_that_nobody_approved(self, house, agent, keys):
        permit = keys.verify(agent.post().json()["permit"], ACTION)
        assert (permit.approvers, permit.by) == ((), "rule")

    def test_an_edit_permits_what_was_edited_and_not_what_was_proposed(self, house, agent, keys):
        _case, text = approved(
            house, agent, verdict="edit", changes={"/action/args/amount": "45.00"}
        )
        with pytest.raises(PermitError, match="not what was approved"):
            keys.verify(text, ACTION)
        edited = {"name": "refund", "args": ACTION["args"] | {"amount": "45.00"}}
        assert keys.verify(text, edited).verdict == "edit"

    @pytest.mark.control("9.2.1")
    def test_a_rejection_permits_nothing(self, house, agent):
        _case, text = approved(house, agent, verdict="reject", reason_code="policy")
        assert text is None and not Permit.objects.exists()

    def test_a_repeated_create_reads_the_same_permit(self, house, agent):
        first, again = agent.post(key="one"), agent.post(key="one")
        assert again.json()["permit"] == first.json()["permit"] is not None

    def test_what_leaves_the_house_carries_no_permit(self, house, agent, keys):
        endpoint = WebhookEndpoint(agent=house.agent, label="hook", events=[])
        endpoint.url, endpoint.secrets = "https://agent.example/hook", []
        endpoint.save()
        _case, text = approved(house, agent)
        told = b" ".join(bytes(run.body) for run in OutcomeRun.objects.all())
        assert b"case.decided" in told
        assert b"permit" not in told and text.split(".")[2].encode() not in told
        assert "permit" not in agent.get("/api/v1/cases").json()["data"][0]

    @pytest.mark.control("9.2.9")
    def test_the_signed_text_is_in_no_table(self, house, agent):
        _case, text = approved(house, agent)
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(p)::text FROM reviews_permit p")
            assert text.split(".")[2] not in cursor.fetchone()[0]

    def test_without_a_key_the_case_is_read_and_permits_nothing(self, house, agent, settings):
        settings.PERMIT_KEYS = ""
        _case, text = approved(house, agent)
        assert text is None

    def test_where_handrail_acts_there_is_no_permit(self, db):
        house = build_house()
        assert AgentClient(house.key).post().json()["permit"] is None


class TestRedeeming:
    @pytest.mark.control("9.2.8")
    def test_a_permit_is_used_once_and_both_tries_are_on_record(self, house, agent):
        case, text = approved(house, agent)
        first = redeem(agent, text, action_digest=action_digest(ACTION))
        assert first.status_code == 200, first.content
        assert first.json()["case"] == case.public_id
        second = redeem(agent, text)
        assert second.status_code == 409 and second.json()["type"].endswith(":permit-used")
        assert events(case)[-2:] == ["permit.redeemed", "permit.refused"]

    @pytest.mark.control("9.2.8")
    def test_what_is_not_approved_uses_nothing_up(self, house, agent):
        case, text = approved(house, agent)
        other = redeem(agent, text, action_digest=action_digest({"name": "refund", "args": {}}))
        assert other.status_code == 409
        assert other.json()["type"].endswith(":permit-of-another-action")
        assert "permit.refused" in events(case)
        assert redeem(agent, text).status_code == 200

    def test_an_expired_permit_is_gone(self, house, agent, keys, settings):
        case, text = approved(house, agent)
        with time_machine.travel(timezone.now() + timedelta(seconds=settings.PERMIT_SECONDS + 60)):
            assert redeem(agent, text).status_code == 410
            assert read(agent, case)["permit"] is None
            with pytest.raises(PermitError, match="expired"):
                keys.verify(text, ACTION)

    def test_a_decision_taken_back_takes_the_permit_with_it(self, house, agent):
        case, text = approved(house, agent)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE reviews_case SET state = 'REVERSED'")
        answer = redeem(agent, text)
        assert answer.status_code == 410 and "reversed" in answer.json()["detail"]
        assert read(agent, case)["permit"] is None

    def test_a_stop_pulled_by_hand_holds_permits_until_it_is_closed(self, house, agent):
        case, text = approved(house, agent)
        stop = open_stop(by=house.admin, reason="odd refunds", agent=house.agent)
        assert redeem(agent, text).status_code == 410
        assert read(agent, case)["permit"] is None
        close_stop(stop, by=house.admin, reason="looked into")
        assert redeem(agent, text).status_code == 200

    @pytest.mark.control("9.5.6")
    def test_an_approver_who_lost_the_right_takes_the_approval_along(self, house, agent):
        _case, text = approved(house, agent)
        Membership.objects.filter(user=house.one).delete()
        answer = redeem(agent, text)
        assert answer.status_code == 410 and "may not decide" in answer.json()["detail"]

    @pytest.mark.control("9.2.9")
    def test_another_agents_key_and_one_without_the_scope_redeem_nothing(self, house, agent):
        _case, text = approved(house, agent)
        stranger = Agent.objects.create(name="Stranger", slug="stranger", owner=house.owner)
        _row, key = AgentKey.make(stranger, scopes=["permits:redeem"])
        assert redeem(AgentClient(key), text).status_code == 404
        AgentKey.objects.update(scopes=["cases:read"])
        assert redeem(agent, text).status_code == 403
        assert Permit.objects.get().redeemed_at is None

    def test_a_nonce_that_nobody_gave_out_is_not_found(self, house, agent):
        for nonce in ("x", "a" * 32, "%00", "case_1", "é"):
            answer = agent.http.post(
                f"/api/v1/permits/{nonce}/redeem", headers={"Authorization": f"Bearer {agent.key}"}
            )
            assert answer.status_code in (404, 415, 422), nonce


def _altered(text, signing):
    head, _body, signature = text.split(".")
    return f"{head}.{encoded(part(text, 1) | {'approvers': []})}.{signature}"


def _unsigned(text, signing):
    head = encoded(part(text, 0) | {"alg": "none"})
    return f"{head}.{text.split('.')[1]}."


def _hmac_with_the_public_key(text, signing):
    """Algorithm confusion: the verifier is to take the published key for a shared secret."""
    secret = base64.urlsafe_b64decode(signing["x"] + "=")
    return jwt.encode(part(text, 1), secret, "HS256", headers={"kid": signing["kid"]})


def _forged(text, signing):
    stranger = Ed25519PrivateKey.generate()
    return jwt.encode(part(text, 1), stranger, "EdDSA", headers={"kid": signing["kid"]})


def _by_its_own_key(text, signing):
    """A key in the header must not be believed."""
    stranger = Ed25519PrivateKey.generate()
    own = jwt.algorithms.OKPAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    headers = {"kid": signing["kid"], "jwk": own, "jku": "https://evil.example/keys"}
    return jwt.encode(part(text, 1), stranger, "EdDSA", headers=headers)


def _of_an_unknown_key(text, signing):
    stranger = Ed25519PrivateKey.generate()
    return jwt.encode(part(text, 1), stranger, "EdDSA", headers={"kid": "nobody"})


@pytest.mark.parametrize(
    "spoil",
    [
        _altered,
        _unsigned,
        _hmac_with_the_public_key,
        _forged,
        _by_its_own_key,
        _of_an_unknown_key,
        lambda text, signing: text[:-4] + "AAAA",
        lambda text, signing: "not.a.permit",
    ],
)
def test_a_spoilt_permit_is_refused(spoil, house, agent, keys, client):
    signing = client.get("/.well-known/handrail-keys.json").json()["keys"][0]
    _case, text = approved(house, agent)
    assert keys.verify(text, ACTION)
    with pytest.raises(PermitError):
        keys.verify(spoil(text, signing), ACTION)


def test_a_key_is_exchanged_while_permits_of_the_old_one_still_count(
    house, agent, client, settings
):
    _case, of_old = approved(house, agent)
    new = Ed25519PrivateKey.generate()
    pem = new.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings.PERMIT_KEYS = pem + settings.PERMIT_KEYS
    keys = PermitKeys.from_json(client.get("/.well-known/handrail-keys.json").content)
    _case, of_new = approved(house, agent)
    assert keys.verify(of_old, ACTION) and keys.verify(of_new, ACTION)
    assert part(of_old, 0)["kid"] != part(of_new, 0)["kid"]
