"""The client by itself: what its wheel needs, permits, and what the site signs."""

from agents.models import AgentKey
from agents.models.agent_key import Scope
from agents.services import renew_signing_secret, save_endpoint
from reviews.models import OutcomeRun
from reviews.services import claims
from reviews.services.returns import ask_agent
from tests.deciding import run_everything_due
from tests.real_clients.scene import asked
from tests.server import free_port
from workflows.models import WebhookEndpoint


def test_a_low_risk_call_runs_at_once_and_a_rejected_one_never(run, reviewer):
    agent = run("alone", "gate")
    reviewer.decide("refund", "approve")
    reviewer.decide("refund", "reject")
    result = agent.result()
    assert result["ran"] == ["9.00", "900.00"]
    assert result["gates"] == [[False, False], [True, True], [True, True]]
    assert result["others"] == []
    assert asked() == [("refund", "auto"), ("refund", "human"), ("refund", "human")]


def test_what_a_person_asked_is_answered_and_what_was_revised_runs(run, reviewer, house):
    agent = run("alone", "conversation")
    for question in ("How many?", "All of it?"):
        review = reviewer.waits_for("refund")
        claims.claim_review(review, reviewer=house.one)
        ask_agent(review, reviewer=house.one, question=question)
    reviewer.decide("refund", "approve")
    result = agent.result()
    assert result["ran"] == ["450.00"]
    assert result["asked"] == ["How many?", "All of it?"]
    assert result["restarted"] == "450.00"
    assert result["withdrawn"] == "cancelled, and nothing that is decided"


def test_a_tool_runs_a_permitted_action_once(run, reviewer, house):
    AgentKey.objects.update(scopes=[Scope.CREATE, Scope.READ, Scope.REDEEM])
    tool = run("webhooks", "executor")
    reviewer.decide("refund", "approve")
    result = tool.result()
    assert result["ran"] == ["900.00"]
    assert result["refused"] == ["PermitError", "PermitError", "PermitError", "Conflict"]


def test_a_webhook_is_believed_by_the_standards_own_library(run, reviewer, house, settings):
    port = free_port()
    settings.OUTBOUND_ALLOW = [f"127.0.0.1:{port}"]
    endpoint = WebhookEndpoint(agent=house.agent, events=["case.decided"])
    save_endpoint(endpoint, by=house.admin, url=f"http://127.0.0.1:{port}/hook")
    secret = renew_signing_secret(endpoint, by=house.admin)
    agent = run("webhooks", "webhook_receiver", WEBHOOK_SECRET=secret, WEBHOOK_PORT=str(port))
    reviewer.edit("refund", amount="90.00")
    run_everything_due()
    assert agent.result() == {"ran": ["90.00"], "refused": ["altered"]}
    assert {run.state for run in OutcomeRun.objects.all()} == {"SUCCEEDED"}


def test_what_was_decided_while_an_agent_was_dead_is_heard_and_run_once(run, reviewer):
    assert run("alone", "listener", "ask").result()["heard"] == ["case.created"]
    reviewer.edit("refund", amount="90.00")
    result = run("alone", "listener", "resume").result()
    assert result["ran"] == ["90.00"]
    assert result["heard"] == ["case.assigned", "case.decided"]


def test_a_receipt_says_whether_what_ran_was_approved(run, reviewer):
    AgentKey.objects.update(scopes=[Scope.CREATE, Scope.READ, Scope.REPORT, Scope.FEEDBACK])
    agent = run("alone", "reporting")
    reviewer.edit("refund", amount="90.00")
    result = agent.result()
    assert result["ran"] == ["90.00"]
    assert result["receipts"] == [[True, []], [False, ["other_action", "ran_twice"]]]
    assert result["corrections"] == [["edit", "900.00", "90.00"]]
