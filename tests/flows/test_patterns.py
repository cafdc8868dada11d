"""The nine patterns: each ready workflow, from the call of an agent to what its target was sent."""

import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.utils import timezone

from agents.models import AgentKey
from agents.models.agent_key import Scope
from reviews.models import AuditEntry, Review
from reviews.services import answers, claims, overrides, timeouts, undoing
from reviews.services.moves import escalate
from reviews.services.people import make_groups
from reviews.services.publishing import draft_from_file, propose, publish
from reviews.services.stops import open_stop
from reviews.services.walk import Walk
from tests.building import person
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, fresh, run_everything_due
from tests.flows.admin_pages import logged_in
from tests.reviews.target import Target
from workflows.compiler import plan_of
from workflows.gallery import example, gallery
from workflows.models import Agent, Membership, Queue, Team, Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(settings):
    with Target(status=201) as target:
        settings.OUTBOUND_ALLOW = [target.place]
        yield target


@pytest.fixture
def admin(db):
    return person("admin", admin=True)


@pytest.fixture
def desk(admin, target):
    """`desk(slug)`: the workflow live, sending to the target, two people in each team."""

    def open_desk(slug):
        text = re.sub(r"https://\w+\.example\.com", f"http://{target.place}", example(slug).text)
        release = propose(draft_from_file(text, by=admin), by=admin)
        release = publish(release, by=person("second.admin", admin=True))
        people = SimpleNamespace()
        for team in Team.objects.all():
            for number in (1, 2):
                name = f"{team.slug.replace('-', '_')}_{number}"
                setattr(people, name, user := person(name))
                Membership.objects.create(team=team, user=user, role=Membership.Role.REVIEWER)
        agent = Agent.objects.create(name="Agent", slug="agent", owner=admin)
        key_row, key = AgentKey.make(agent)
        AgentKey.objects.filter(pk=key_row.pk).update(scopes=Scope.values)
        return release, people, Caller(key, slug)

    return open_desk


class Caller(AgentClient):
    def __init__(self, key, workflow):
        super().__init__(key)
        self.workflow = workflow

    def ask(self, name, args, data, **more):
        body = {"workflow": self.workflow, "action": {"name": name, "args": args}, "data": data}
        return case_of(self.post(body | {"confidence": 0.99} | more))


def asked():
    """Without audits, which wait in the same queues and are on no case's path."""
    return Review.objects.open().exclude(kind="AUDIT")


def waiting():
    return sorted(asked().values_list("queue__slug", flat=True))


def claim(queue, reviewer):
    review = asked().filter(queue__slug=queue, state="OPEN").first()
    return claims.claim_review(review, reviewer=reviewer)


def sent(target):
    run_everything_due()
    return [(one.path, json.loads(one.body)) for one in target.received]


INVOICE = {"invoice": "INV-000001", "supplier": {"id": "S-0001", "name": "Steel & Co"}}


def invoice(agent, amount, **data):
    args = {"invoice": "INV-000001", "amount": amount, "currency": "EUR"}
    return agent.ask("pay_invoice", args, INVOICE | {"ordered": amount, "delivered": amount} | data)


def test_approval_an_invoice_climbs_its_ladder_and_is_paid_once(desk, target):
    _release, people, agent = desk("invoice-approval")
    case = invoice(agent, "12000.00")
    for queue, who in (
        ("invoices", people.cost_centres_1),
        ("procurement", people.procurement_1),
        ("finance", people.finance_1),
    ):
        assert waiting() == [queue] and sent(target) == []
        decide(claim(queue, who), who)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        undoing.end_windows()
        paid = sent(target)
    assert paid == [
        (
            "/payments",
            {
                "amount": "12000.00",
                "case": case.public_id,
                "currency": "EUR",
                "invoice": "INV-000001",
            },
        )
    ]
    assert (fresh(case).state, fresh(case).verdict, fresh(case).lane) == (
        "COMPLETED",
        "approve",
        "HUMAN",
    )


def test_review_what_the_reviewer_wrote_is_what_is_sent(desk, target):
    _release, people, agent = desk("support-replies")
    args = {"ticket": "T-00001", "subject": "Your parcel", "body": "It is your own fault."}
    data = {
        "ticket": "T-00001",
        "customer": "c1",
        "topic": "complaint",
        "message": "Where is it?",
    }
    case = agent.ask("send_reply", args, data)
    changes = {"/action/args/body": "We are sorry: it comes tomorrow."}
    decide(claim("replies", people.support_1), people.support_1, "edit", changes=changes)
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        undoing.end_windows()
        [(path, body)] = sent(target)
    assert path == "/replies" and body["body"] == "We are sorry: it comes tomorrow."
    decided = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert decided["decision"]["type"] == "edit"
    assert case.proposals.first().action["args"]["body"] == "It is your own fault."


def undoing_all():

    undoing.end_windows()


APPLICANT = {
    "applicant": {"id": "A-00001", "name": "Jo Doe", "born": "1990-01-01"},
    "country": "AT",
    "document": "passport",
    "sanctions_hits": 0,
}
ACCOUNT = {"applicant": "A-00001", "product": "current"}


def test_escalation_agent_reviewer_and_clock_each_pass_it_up(desk, target):
    _release, people, agent = desk("kyc-onboarding")
    assert fresh(agent.ask("open_account", ACCOUNT, APPLICANT)).lane == "AUTO"
    stuck = agent.ask(
        "open_account",
        ACCOUNT,
        APPLICANT,
        cannot_proceed=True,
        cannot_proceed_reason="The photo is blurred",
    )
    review = claim("kyc", people.kyc_1)
    assert review.reasons[0]["trigger"] == "cannot_proceed"
    escalate(review, reviewer=people.kyc_1, reason="The register is down")
    decide(claim("compliance", people.compliance_1), people.compliance_1)
    late = agent.ask("open_account", ACCOUNT, APPLICANT, confidence=0.5)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=5)):
        timeouts.expire_cases()
        assert waiting() == ["compliance"] and fresh(late).state == "IN_REVIEW"
        decide(claim("compliance", people.compliance_1), people.compliance_1, "approve")
        assert len(sent(target)) == 3 and fresh(stuck).verdict == "approve"


def test_exception_what_no_rule_foresees_is_settled_by_an_expert(desk, target):
    _release, people, agent = desk("insurance-claims")
    data = {"policy": "P-000001", "holder": "Jo", "peril": "meteorite", "damage": "900.00"}
    args = {"policy": "P-000001", "amount": "900.00", "currency": "EUR"}
    agent.ask("settle_claim", args, data)
    assert waiting() == ["claims-experts"]
    decide(claim("claims-experts", people.claims_experts_1), people.claims_experts_1)
    more = args | {"amount": "950.00"}
    odd = agent.ask("settle_claim", more, data | {"peril": "fire"})
    assert waiting() == ["claims-experts"]
    review = claim("claims-experts", people.claims_experts_1)
    assert (review.kind, review.reasons[0]["trigger"]) == ("EXCEPTION", "no_route")
    decide(review, people.claims_experts_1, "reject")
    assert fresh(odd).verdict == "reject"
    assert [body["amount"] for _path, body in sent(target)] == ["900.00"]


def test_exception_what_the_target_refuses_for_good_is_retried_by_a_person(desk, target):
    _release, people, agent = desk("insurance-claims")
    data = {"policy": "P-000001", "holder": "Jo", "peril": "fire", "damage": "900.00"}
    args = {"policy": "P-000001", "amount": "900.00", "currency": "EUR"}
    case = agent.ask("settle_claim", args, data)
    target.status = 422
    assert len(sent(target)) == 1 and fresh(case).state == "FAILED"
    target.status = 201
    decide(claim("claims-experts", people.claims_experts_1), people.claims_experts_1, "retry")
    assert len(sent(target)) == 2 and fresh(case).state == "COMPLETED"
    keys = {one.headers["idempotency-key"] for one in target.received}
    assert len(keys) == 1


def test_confidence_each_kind_of_mail_has_its_own_limit(desk, target):
    _release, people, agent = desk("mail-sorting")
    letter = {"letter": "L-000001", "text": "…"}

    def file(kind, desk_, confidence):
        args = {"letter": "L-000001", "kind": kind, "desk": desk_}
        return fresh(agent.ask("file_letter", args, letter, confidence=confidence)).lane

    assert file("advertising", "none", 0.7) == "AUTO"
    assert file("invoice", "accounting", 0.7) == "HUMAN"
    assert file("invoice", "accounting", 0.9) == "AUTO"
    assert file("termination", "contracts", 0.9) == "HUMAN"
    for _ in range(2):
        decide(claim("mail", people.mail_room_1), people.mail_room_1)
    assert len(sent(target)) == 4


CONTRACT = {
    "contract": "C-00001",
    "partner": "Steel & Co",
    "region": "eu",
    "value": "9000.00",
    "liability_cap": "5000.00",
    "term_months": 12,
}


@pytest.mark.parametrize(
    ("changes", "risk", "queue", "trigger"),
    [
        ({"value": "60000.00"}, 0.1, "contracts", "value_above"),
        ({}, 0.6, "contracts", "risk_above"),
        ({"region": "sanctioned"}, 0.1, "counsel", "category_in"),
        ({"liability_cap": None}, 0.1, "contracts", "field_missing"),
    ],
)
def test_risk_value_score_region_and_missing_data_bring_a_lawyer_in(
    desk, changes, risk, queue, trigger
):
    _release, _people, agent = desk("contract-risk")
    data = {key: value for key, value in (CONTRACT | changes).items() if value is not None}
    agent.ask("sign_contract", {"contract": "C-00001"}, data, risk={"score": risk})
    assert waiting() == [queue]
    assert [row["trigger"] for row in Review.objects.get().reasons] == [trigger]


def test_risk_the_rest_is_signed_by_rule_and_the_largest_by_two(desk, target):
    _release, people, agent = desk("contract-risk")
    agent.ask("sign_contract", {"contract": "C-00001"}, CONTRACT, risk={"score": 0.1})
    assert len(sent(target)) == 1
    large = CONTRACT | {"value": "300000.00"}
    case = agent.ask("sign_contract", {"contract": "C-00002"}, large, risk={"score": 0.1})
    decide(claim("contracts", people.legal_1), people.legal_1)
    assert len(sent(target)) == 1 and waiting() == ["counsel"]
    decide(claim("counsel", people.general_counsel_1), people.general_counsel_1)
    assert len(sent(target)) == 2 and fresh(case).state == "COMPLETED"


def test_override_an_automatic_suspension_is_reversed_and_taken_back(desk, target, admin):
    _release, _people, agent = desk("account-suspension")
    data = {"account": "K-000001", "holder": "Jo", "signals": ["new device"]}
    case = agent.ask(
        "suspend_account", {"account": "K-000001", "hours": 24}, data, risk={"score": 0.5}
    )
    assert sent(target) == [("/suspensions", {"account": "K-000001", "hours": 24})]
    assert fresh(case).lane == "AUTO"
    shown = overrides.planned(Walk.of(case.pk)).digest
    overrides.reverse_case(fresh(case), by=admin, reason="She was on holiday", shown=shown)
    assert sent(target)[1:] == [("/suspensions/lifted", {"account": "K-000001"})]
    assert fresh(case).state == "REVERSED"


@pytest.mark.django_db(transaction=True)
def test_feedback_a_correction_goes_back_to_the_agent_field_by_field(desk, target, until):
    _release, people, agent = desk("product-catalogue")
    args = {"sku": "AB00001", "title": "Doll", "category": "toys", "weight_grams": 3}
    case = agent.ask("publish_product", args, {"sku": "AB00001", "supplier_text": "Doll, 300 g"})
    decide(
        claim("catalogue", people.catalogue_1),
        people.catalogue_1,
        "edit",
        changes={"/action/args/weight_grams": 300, "/action/args/title": "Rag doll"},
        reason_code="weight",
    )
    assert sent(target)[0][1]["weight_grams"] == 300
    lines = until(lambda: agent.get("/api/v1/feedback").content.splitlines(), bool)
    [line] = [json.loads(row) for row in lines]
    assert {"pointer": "/action/args/weight_grams", "from": 3, "to": 300} in line["changes"]
    assert fresh(case).wrong is True


def test_monitoring_a_stop_sends_the_automatic_lane_to_people(desk, target, admin):
    release, people, agent = desk("price-updates")
    data = {"sku": "AB00001", "range": "basic", "price": "10.00", "cost": "6.00"}

    def price(new):
        return fresh(agent.ask("set_price", {"sku": "AB00001", "price": new}, data))

    cases = [price("10.50") for _ in range(4)]
    auto = [case for case in cases if case.lane == "AUTO"]
    assert auto and all(case.label_propensity == 0.2 for case in auto)
    assert all(case.audit_selected is not None for case in auto)
    assert price("5.00").lane == "HUMAN" and price("15.00").lane == "HUMAN"
    open_stop(by=admin, reason="Prices look odd", workflow=release.workflow)
    assert price("10.50").lane == "HUMAN"
    chain = AuditEntry.objects.filter(event="stop.opened")
    assert chain.count() == 1 and people.pricing_1


def test_blind_two_moderators_judge_alone_and_only_agreement_removes(desk, target):
    release, people, agent = desk("content-moderation")
    data = {"post": "00000001", "author": "x", "text": "…", "reported_as": "hate"}
    action = {"name": "moderate", "args": {"post": "00000001", "verdict": "remove"}}
    agent.ask(action["name"], action["args"], data)
    assert waiting() == ["posts", "posts"]
    for who in (people.moderation_1, people.moderation_2):
        assert sent(target) == []
        review = claim("posts", who)
        answers.commit_answer(review, reviewer=who, action=action, plan=plan_of(release.pk))
        decide(review, who)
    assert sent(target) == [("/moderations", {"post": "00000001", "verdict": "remove"})]


def test_every_ready_workflow_shows_a_pattern_and_can_be_taken_over(admin):
    assert len(gallery()) >= 11
    client = logged_in(admin)
    page = client.get("/admin/workflows/workflow/gallery/").content.decode()
    for one in gallery():
        assert one.pattern and one.about and one.name in page
    there = client.post("/admin/workflows/workflow/gallery/contract-risk/")
    workflow = Workflow.objects.get(slug="contract-risk")
    assert there.url == f"/admin/workflows/workflow/{workflow.pk}/change/"
    assert workflow.live_release is None and Queue.objects.filter(slug="counsel").exists()
    chain = AuditEntry.objects.filter(chain=f"workflow:{workflow.pk}")
    assert [entry.event for entry in chain] == ["release.drafted"]
    again = client.post("/admin/workflows/workflow/gallery/contract-risk/")
    assert again.status_code == 404 and workflow.releases.count() == 1


def test_who_may_not_make_workflows_takes_none_over(db):

    auditor = person("auditor", staff=True)
    auditor.groups.add(next(group for group in make_groups() if group.name == "Auditor"))
    client = logged_in(auditor)
    page = client.get("/admin/workflows/workflow/gallery/")
    assert page.status_code == 200 and "Take over" not in page.content.decode()
    response = client.post("/admin/workflows/workflow/gallery/contract-risk/")
    assert response.status_code == 403 and not Workflow.objects.exists()
