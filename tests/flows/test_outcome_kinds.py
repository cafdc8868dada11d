"""Outcomes beyond one request: in the house, beside each other, under conditions; and a look
before sending whether the target is still what it was."""

import json
import re
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from django.db import connection
from django.utils import timezone

from reviews.models import Case, OutcomeRun, Review
from reviews.outcomes import Failed, functions
from reviews.services import in_the_house, outcomes
from reviews.services.publishing import NotPublishable, new_draft, propose, publish
from tests.deciding import case_of, events, fresh, run_everything_due, take_and_decide
from tests.flows.admin_pages import logged_in
from tests.reviews.target import Target
from tests.slack import CHANNEL, Slack, connect, shown
from workflows.models import OutcomeRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(settings):
    with Target() as target:
        settings.OUTBOUND_ALLOW = [target.place]
        yield target


def publish_rules(house, *rules):
    """A new release with these rules at its action."""
    draft = new_draft(house.workflow, by=house.admin)
    stage = draft.stages.get(kind="ACTION")
    stage.outcome_rules.all().delete()
    for position, rule in enumerate(rules, 1):
        given = {"title": f"Rule {position}", "on_verdicts": ["auto", "approve", "edit"]} | rule
        OutcomeRule.objects.create(stage=stage, position=position, **given)
    propose(draft, by=house.admin)
    return publish(draft, by=house.admin)


def post_to(target, path, **rule):
    return {"template": {"method": "POST", "url": target.url(path), "body": {"x": 1}}} | rule


def paths(target):
    return [received.path for received in target.received]


# -- conditions, order, beside each other


def test_a_rule_runs_only_where_its_condition_holds(house, agent, target):
    publish_rules(
        house,
        post_to(target, "/always"),
        post_to(target, "/large", condition="data.amount > 500"),
    )
    agent.post(amount="90.00")
    run_everything_due()
    assert paths(target) == ["/always"]
    case = case_of(agent.post(amount="900.00"))
    run_everything_due()
    assert paths(target) == ["/always", "/always", "/large"] and fresh(case).state == "COMPLETED"


def test_a_condition_that_cannot_be_worked_out_reaches_a_person_and_nothing_runs(
    house, agent, target
):
    publish_rules(house, post_to(target, "/a"), post_to(target, "/b", condition="data.age > 3"))
    case = case_of(agent.post())
    run_everything_due()
    assert target.received == [] and fresh(case).state == "FAILED"
    assert "“Rule 2”" in Review.objects.get().reasons[0]["detail"]


def test_what_runs_beside_each_other_is_waited_for_together(house, agent, target):
    publish_rules(
        house,
        post_to(target, "/first"),
        post_to(target, "/left"),
        post_to(target, "/right", with_previous=True),
        post_to(target, "/last"),
    )
    case = case_of(agent.post())
    runs = {run.rule.title: run for run in OutcomeRun.objects.all()}
    due = lambda: {run.rule.title for run in OutcomeRun.objects.due()}  # noqa: E731
    assert due() == {"Rule 1"}
    outcomes.run(runs["Rule 1"].pk)
    assert due() == {"Rule 2", "Rule 3"}
    outcomes.run(runs["Rule 3"].pk)
    assert due() == {"Rule 2"}
    outcomes.run(runs["Rule 2"].pk)
    outcomes.run(runs["Rule 4"].pk)
    assert paths(target) == ["/first", "/right", "/left", "/last"]
    assert fresh(case).state == "COMPLETED"


def test_a_chain_stops_at_the_first_failure_and_says_where(house, agent, target):
    publish_rules(house, *(post_to(target, f"/{n}", retry_delays=[]) for n in (1, 2, 3)))
    case = case_of(agent.post())
    first, second, third = OutcomeRun.objects.order_by("position")
    outcomes.run(first.pk)
    target.status = 400
    outcomes.run(second.pk)
    outcomes.run(third.pk)
    assert paths(target) == ["/1", "/2"] and fresh(case).state == "FAILED"
    assert "step 2 of 3" in Review.objects.get().reasons[0]["detail"]
    target.status = 200
    take_and_decide(house.one, "retry")
    run_everything_due()
    assert paths(target) == ["/1", "/2", "/2", "/3"] and fresh(case).state == "COMPLETED"


@pytest.mark.parametrize("verdict", ["retry", "give_up"])
def test_two_that_fail_beside_each_other_are_one_question(house, agent, target, verdict):
    publish_rules(
        house,
        post_to(target, "/a", retry_delays=[]),
        post_to(target, "/b", retry_delays=[], with_previous=True),
    )
    target.status = 400
    case = case_of(agent.post())
    run_everything_due()
    assert Review.objects.count() == 1 and fresh(case).state == "FAILED"
    target.status = 200
    take_and_decide(house.one, verdict, message="Done by hand.")
    run_everything_due()
    assert fresh(case).state == "COMPLETED"
    assert len(target.received) == (4 if verdict == "retry" else 2)


def test_one_still_under_way_when_the_other_is_given_up_ends_on_record(house, agent, target):
    publish_rules(
        house,
        post_to(target, "/a", retry_delays=[]),
        post_to(target, "/b", retry_delays=[], with_previous=True),
    )
    case = case_of(agent.post())
    one, other = OutcomeRun.objects.order_by("rule__position")
    begin(other)
    target.status = 400
    outcomes.run(one.pk)
    take_and_decide(house.one, "give_up", message="Done by hand.")
    assert OutcomeRun.objects.get(pk=other.pk).state == "RUNNING"
    other = OutcomeRun.objects.get(pk=other.pk)
    outcomes.settle(other, attempt=1, outcome=Failed("Refused."))
    assert OutcomeRun.objects.get(pk=other.pk).state == "FAILED"
    assert fresh(case).state == "COMPLETED" and Review.objects.open().count() == 0


def begin(run):
    return OutcomeRun.objects.begin(pk=run.pk, otherwise=15, margin=timedelta(seconds=5))


def test_a_worker_from_before_a_retry_is_known_by_its_number(house, agent, target):
    publish_rules(house, post_to(target, "/a", retry_delays=[]))
    case = case_of(agent.post())
    run = OutcomeRun.objects.get()
    first = begin(run)
    old = OutcomeRun.objects.get()
    OutcomeRun.objects.update(running_until=timezone.now() - timedelta(minutes=1))
    outcomes.sweep()
    take_and_decide(house.one, "retry")
    assert begin(run) > first
    # It wakes up at last, and has nothing to say any more.
    outcomes.settle(old, attempt=first, outcome=Failed("Refused."))
    assert OutcomeRun.objects.get().state == "RUNNING" and fresh(case).state == "DECIDED"


def test_the_ladder_begins_anew_after_a_retry(house, agent, target):
    publish_rules(house, post_to(target, "/a", retry_delays=[1, 5]))
    target.status = 500
    agent.post()
    run_everything_due()
    assert len(target.received) == 3
    take_and_decide(house.one, "retry")
    run_everything_due()
    assert len(target.received) == 6 and OutcomeRun.objects.get().attempts == 6


# -- a Slack message


def test_a_message_says_exactly_the_words_of_the_rule(house, agent, settings, target):
    slack = Slack(target)
    target.body = slack.answer
    settings.SLACK_API_URL = target.url("/api")
    connect(house.queue)
    text = ["Paid ", {"$ref": "/action/args/amount"}, " for ", {"$ref": "/action/args/order"}]
    template = {"token": "slack-token", "channel": CHANNEL, "text": text}
    publish_rules(house, {"kind": "slack_message", "template": template})
    action = {"name": "refund", "args": {"order": "<!channel>", "amount": "9.00"}}
    case = case_of(agent.post(action=action))
    run_everything_due()
    assert shown(slack.posted["blocks"]) == "Paid 9.00 for <!channel>"
    assert slack.posted["text"] == "Paid 9.00 for &lt;!channel&gt;"
    assert fresh(case).state == "COMPLETED"


# -- a record


@pytest.fixture
def customers(settings):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE crm_customer (number text, status text, credit numeric(9, 2), vip bool)"
        )
        cursor.execute("INSERT INTO crm_customer VALUES ('A1', 'open', 120.00, false)")
        cursor.execute("INSERT INTO crm_customer VALUES ('A2', 'open', 5, true)")
    settings.OUTCOME_RECORDS = {
        "customers": {"table": "crm_customer", "key": "number", "fields": ["status", "credit"]}
    }


def rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, status, credit::text FROM crm_customer ORDER BY number")
        return cursor.fetchall()


def change(**changes):
    template = {
        "record": "customers",
        "key": {"$ref": "/action/args/order"},
        "set": {"status": "refunded", "credit": {"$ref": "/action/args/amount"}},
    }
    return {"kind": "update_record", "template": template | changes}


def test_a_record_is_changed_once_with_the_answer_that_says_so(house, agent, customers):
    publish_rules(house, change())
    case = case_of(agent.post())
    run = OutcomeRun.objects.get()
    assert (run.method, run.url) == ("UPDATE", "customers")
    run_everything_due()
    assert rows() == [("A1", "refunded", "90.00"), ("A2", "open", "5.00")]
    assert fresh(case).state == "COMPLETED"


def test_a_worker_that_dies_in_the_middle_leaves_the_record_as_it_was(
    house, agent, customers, monkeypatch
):
    publish_rules(house, change())
    agent.post()
    run = OutcomeRun.objects.get()

    def dies(*given, **named):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "_apply", dies)
        with pytest.raises(SystemExit):
            outcomes.run(run.pk)
    assert rows()[0] == ("A1", "open", "120.00")
    OutcomeRun.objects.update(running_until=timezone.now() - timedelta(minutes=1))
    outcomes.sweep()
    run_everything_due()
    assert rows()[0] == ("A1", "refunded", "90.00")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ({"key": "nobody"}, "no such row"),
        ({"set": {"credit": "not a number"}}, "invalid input syntax"),
        ({"set": {"credit": "1e99"}}, "overflow"),
    ],
)
def test_what_the_table_refuses_reaches_a_person(house, agent, customers, template, words):
    publish_rules(house, change(**template))
    case = case_of(agent.post())
    run_everything_due()
    assert fresh(case).state == "FAILED" and rows()[0][1] == "open"
    assert words in Review.objects.get().reasons[0]["detail"]


@pytest.mark.parametrize(
    ("opened", "template", "words"),
    [
        ({}, {"record": "others"}, "No record is opened under the name others"),
        ({}, {"set": {"vip": True}}, "vip of customers is not opened"),
        ({}, {"expect": {"vip": True}}, "vip of customers is not opened"),
        ({"table": "reviews_auditentry"}, {}, "a table of Handrail itself"),
        ({"table": "auth_user"}, {}, "a table of Handrail itself"),
        ({}, {"key": {"$ref": "/data/nothing"}}, "the schema does not describe it"),
        ({}, {"more": 1}, "no part called more"),
        ({}, {"set": "x"}, "set must be an object"),
    ],
)
def test_what_is_not_opened_cannot_be_published(
    house, customers, settings, opened, template, words
):
    settings.OUTCOME_RECORDS["customers"] |= opened
    with pytest.raises(NotPublishable, match=words):
        publish_rules(house, change(**template))


def test_a_model_is_changed_by_its_own_checks(house, agent, settings, monkeypatch):
    monkeypatch.setattr(in_the_house.records, "OURS", ())
    settings.OUTCOME_RECORDS = {
        "queues": {"model": "workflows.Queue", "key": "slug", "fields": ["position"]}
    }
    for wanted, is_done in ((7, True), (-1, False)):
        template = {"record": "queues", "key": "large", "set": {"position": wanted}}
        publish_rules(house, {"kind": "update_record", "template": template})
        case = case_of(agent.post())
        run_everything_due()
        assert (fresh(case).state == "COMPLETED") is is_done
    assert house.extra["large"].__class__.objects.get(slug="large").position == 7


# -- a case that follows


def follow(**case):
    given = {
        "summary": {"$ref": "/case/summary"},
        "action": {"name": "refund", "args": {"order": "A1", "amount": "9.00"}},
        "data": {"order": {"$ref": "/data/order"}, "amount": "9.00"},
        "confidence": 0.2,
    }
    return {"kind": "start_case", "template": {"workflow": "refunds", "case": given | case}}


def test_a_case_follows_once_and_waits_for_people_like_any_other(house, agent):
    publish_rules(house, follow())
    first = case_of(agent.post())
    run_everything_due()
    assert fresh(first).state == "COMPLETED" and Case.objects.count() == 2
    follower = Case.objects.exclude(pk=first.pk).get()
    assert follower.correlation["follows"] == first.public_id
    assert (follower.state, follower.agent) == ("IN_REVIEW", house.agent)
    assert "case.followed" in events(first)
    answer = json.loads(OutcomeRun.objects.get(case=first).reply_excerpt)
    assert answer == {"case": follower.public_id}


def test_a_circle_of_cases_ends_with_a_person(house, agent, monkeypatch):
    monkeypatch.setattr(in_the_house, "LONGEST_CHAIN", 3)
    publish_rules(house, follow(confidence=0.99))
    agent.post()
    run_everything_due()
    assert Case.objects.count() == 4
    assert "follow each other" in Review.objects.get().reasons[0]["detail"]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"data": {"amount": "9.00"}}, "order"),
        ({"callback_url": "https://evil.example"}, "has no callback_url"),
    ],
)
def test_a_case_that_cannot_be_opened_reaches_a_person(house, agent, case, words):
    publish_rules(house, follow(**case))
    first = case_of(agent.post())
    run_everything_due()
    assert fresh(first).state == "FAILED" and Case.objects.count() == 1
    assert words in Review.objects.get().reasons[0]["detail"]


def test_a_workflow_that_is_not_there_is_found_before_publishing(house):
    rule = follow()
    rule["template"]["workflow"] = "nothing"
    with pytest.raises(NotPublishable, match="no workflow nothing"):
        publish_rules(house, rule)


# -- a function

CALLS = []


def close_account(*, number, idempotency_key):
    CALLS.append((number, idempotency_key))
    if number == "A2":
        raise functions.Refused("There is no such account.")
    if number == "A3" and len(CALLS) < 3:
        raise ConnectionError
    return {"closed": number}


@pytest.fixture
def account(house, settings):
    CALLS.clear()
    settings.OUTCOME_FUNCTIONS = {"close-account": f"{__name__}.close_account"}
    args = {"number": {"$ref": "/action/args/order"}}
    template = {"function": "close-account", "args": args}
    publish_rules(house, {"kind": "callable", "template": template})


@pytest.mark.parametrize(
    ("number", "state", "calls"),
    [("A1", "COMPLETED", 1), ("A2", "FAILED", 1), ("A3", "COMPLETED", 3)],
)
def test_a_registered_function_is_called_under_one_key(agent, account, number, state, calls):
    action = {"name": "refund", "args": {"order": number, "amount": "9.00"}}
    case = case_of(agent.post(action=action))
    run_everything_due()
    assert fresh(case).state == state
    run = OutcomeRun.objects.get()
    assert [(number, run.idempotency_key)] * calls == CALLS
    if state == "FAILED":
        assert "no such account" in Review.objects.get().reasons[0]["detail"]


def test_a_function_that_is_not_registered_cannot_be_published(house):
    template = {"function": "os.system", "args": {}}
    with pytest.raises(NotPublishable, match="No function is registered"):
        publish_rules(house, {"kind": "callable", "template": template})


# -- a look before sending


@pytest.fixture
def ledger(target):
    """Answers a balance to who reads, and says yes to the rest."""
    balance = {"now": {"balance": "120.00", "note": "x"}}
    target.body = lambda request: json.dumps(
        balance["now"] if request.method == "GET" else {}
    ).encode()
    return target, balance


def checked(target, **rule):
    precondition = {
        "url": target.url("/accounts/{/action/args/order}"),
        "expect": {"/balance": "120.00"},
    }
    return post_to(target, "/pay", precondition=precondition, retry_delays=[]) | rule


def test_a_target_that_is_what_it_was_is_sent_to(house, agent, ledger):
    target, _balance = ledger
    publish_rules(house, checked(target))
    case = case_of(agent.post())
    run_everything_due()
    assert [(r.method, r.path) for r in target.received] == [
        ("GET", "/accounts/A1"),
        ("POST", "/pay"),
    ]
    assert fresh(case).state == "COMPLETED"


def test_a_target_that_changed_is_not_sent_to_and_a_person_reads_how(house, agent, ledger):
    target, balance = ledger
    publish_rules(house, checked(target))
    case = case_of(agent.post())
    balance["now"] = {"balance": "80.00"}
    run_everything_due()
    run = OutcomeRun.objects.get()
    assert run.state == "STALE" and fresh(case).state == "FAILED"
    assert [r.method for r in target.received] == ["GET"]
    review = Review.objects.get()
    assert '/balance was "120.00", is "80.00"' in review.reasons[0]["detail"]
    assert agent.get(f"/api/v1/cases/{case.public_id}").json()["outcomes"][0]["status"] == "stale"
    page = logged_in(house.one).get(f"/cases/{case.public_id}/").content.decode()
    assert "not sent, the target changed" in page and "80.00" in page
    # It changes once more before they answer: what they said was about 80.00.
    balance["now"] = {"balance": "70.00"}
    take_and_decide(house.one, "retry")
    run_everything_due()
    assert OutcomeRun.objects.get().state == "STALE"
    take_and_decide(house.one, "retry")
    run_everything_due()
    assert fresh(case).state == "COMPLETED" and target.received[-1].path == "/pay"
    assert events(case).count("outcome.accepted") == 2


def test_it_can_be_given_up(house, agent, ledger):
    target, balance = ledger
    balance["now"] = {}
    publish_rules(house, checked(target))
    case = case_of(agent.post())
    run_everything_due()
    assert "is null" in Review.objects.get().reasons[0]["detail"]
    take_and_decide(house.one, "give_up", message="Too late.")
    assert fresh(case).state == "COMPLETED" and OutcomeRun.objects.get().state == "CANCELLED"


@pytest.mark.parametrize("status", [500, 404])
def test_what_cannot_be_read_again_is_not_sent(house, agent, ledger, status):
    target, _balance = ledger
    target.status = status
    publish_rules(house, checked(target))
    case = case_of(agent.post())
    run_everything_due()
    assert {r.method for r in target.received} == {"GET"} and fresh(case).state == "FAILED"
    # It was certainly not done.
    assert OutcomeRun.objects.get().state == "FAILED"


def test_the_look_is_shown_before_anybody_approves_and_is_bound(house, agent, ledger):
    target, _balance = ledger
    publish_rules(house, checked(target))
    case = case_of(agent.post(confidence=0.5))
    page = logged_in(house.one).get(f"/cases/{case.public_id}/").content.decode()
    assert "and only if it still says" in page and "/balance = " in page
    take_and_decide(house.one)
    run = OutcomeRun.objects.get()
    OutcomeRun.objects.update(precondition=run.precondition | {"expected": {}})
    run_everything_due()
    assert target.received == [] and fresh(case).state == "FAILED"


@pytest.mark.parametrize("credit", ["120.00", "120.0", 120])
def test_a_record_that_is_what_it_was_is_changed(house, agent, customers, credit):
    publish_rules(house, change(expect={"credit": credit, "status": "open"}))
    agent.post()
    run_everything_due()
    assert rows()[0] == ("A1", "refunded", "90.00")


def test_a_record_that_changed_is_not_changed(house, agent, customers):
    publish_rules(house, change(expect={"credit": "120.00", "status": "open"}))
    case = case_of(agent.post())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_customer SET credit = 80 WHERE number = 'A1'")
    run_everything_due()
    assert rows()[0] == ("A1", "open", "80.00") and fresh(case).state == "FAILED"
    assert '/credit was "120.00", is "80.00"' in Review.objects.get().reasons[0]["detail"]
    take_and_decide(house.one, "retry")
    run_everything_due()
    assert rows()[0] == ("A1", "refunded", "90.00") and fresh(case).state == "COMPLETED"


@pytest.mark.parametrize(
    ("precondition", "words"),
    [
        ({"url": "https://a.example"}, "needs a url and expect"),
        ({"url": "https://a.example", "expect": {}}, "what must still be true"),
        ({"url": "a", "expect": {"/x": 1}}, "must begin with http"),
        ({"url": "https://a.example", "expect": {"x": 1}}, "pointer"),
        ({"url": "https://a.example", "expect": {"/x": {"$ref": "/data/zzz"}}}, "/data/zzz"),
        ({"url": "https://a.example", "method": "POST", "expect": {"/x": 1}}, "only reads"),
    ],
)
def test_a_look_that_cannot_work_is_found_before_publishing(house, target, precondition, words):
    with pytest.raises(NotPublishable, match=words):
        publish_rules(house, post_to(target, "/x", precondition=precondition))


def test_the_function_of_the_page_does_nothing_twice(house, agent, settings, monkeypatch):
    page = (Path(settings.BASE_DIR) / "docs/outcomes.md").read_text()
    [code] = re.findall(r"```python\n(.*?)\n +```", page, flags=re.DOTALL)
    module = ModuleType("page_of_outcomes")
    exec(textwrap.dedent(code), module.__dict__)
    monkeypatch.setitem(sys.modules, "page_of_outcomes", module)
    settings.OUTCOME_FUNCTIONS = {"close": "page_of_outcomes.close_account"}
    args = {"number": {"$ref": "/action/args/order"}}
    publish_rules(house, {"kind": "callable", "template": {"function": "close", "args": args}})
    case = case_of(agent.post())
    run_everything_due()
    assert fresh(case).state == "COMPLETED" and module.ACCOUNTS == {"A1": "closed"}
    again = functions.deliver("close", {"number": "A1"}, idempotency_key=next(iter(module.DONE)))
    assert again.reply.body_excerpt == '{"closed": "A1"}' and len(module.DONE) == 1
