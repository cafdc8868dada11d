"""Simple approvals decided in Slack: the same service, the same rights, bound to what was shown."""

import re
import textwrap
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
import yaml
from django.conf import settings as django_settings
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from reviews.models import (
    AuditEntry,
    ChatIdentity,
    ChatPost,
    ChatPress,
    Decision,
    OutcomeRun,
    Review,
)
from reviews.services import chat, claims, presses
from reviews.services.stops import open_stop
from tests import building
from tests.building import build_house, person
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh, run_everything_due, take_and_decide
from tests.flows.admin_pages import logged_in
from tests.reviews.target import Target
from tests.slack import (
    CHANNEL,
    SIGNING_SECRET,
    TOKEN,
    Slack,
    button,
    buttons,
    connect,
    press,
    shown,
)
from workflows.models import ChatApp

pytestmark = pytest.mark.django_db


@pytest.fixture
def slack(settings):
    with Target() as target:
        slack = Slack(target)
        target.body = slack.answer
        settings.SLACK_API_URL = target.url("/api")
        settings.OUTBOUND_ALLOW = [target.place]
        yield slack


@pytest.fixture
def app(house, slack):
    return connect(house.queue)


def known(app, user, name="U1"):
    return ChatIdentity.objects.create(app=app, person=f"T1/{name}", name="jo", user=user)


def asked(agent, slack, **changes):
    """A case whose approval is asked for in the channel, and the message."""
    case = case_of(agent.post(**{"confidence": 0.5, **changes}))
    run_everything_due()
    return case, slack.posted


def links(slack):
    [reply] = slack.of("chat.postEphemeral")[-1:]
    return button(reply, "open")["url"].removeprefix(django_settings.PUBLIC_URL)


def test_the_whole_action_is_shown_with_its_digest_and_decided_by_a_button(
    house, agent, slack, app
):
    known(app, house.one)
    case, message = asked(agent, slack, amount="90.00")
    text = shown(message["blocks"])
    for value in ("Order", "A1", "Amount", "90.00", "Revision 1", "The agent says:"):
        assert value in text
    digest = case.proposals.get().digest.partition(":")[2]
    assert f"{digest[:4]} {digest[4:8]} {digest[8:12]}" in text
    assert message["channel"] == CHANNEL and not message["unfurl_links"]
    assert [one["action_id"] for one in buttons(message)] == ["approve", "reject", "open"]
    assert button(message, "open")["url"].endswith(f"/cases/{case.public_id}/")

    answer = press(app, button(message, "approve")["value"])
    assert (answer.status_code, answer.content) == (200, b"")
    decision = Decision.objects.get(review__isnull=False)
    assert (decision.reviewer, decision.verdict) == (house.one, "approve")
    assert {"review.claimed", "review.decided", "review.pressed"} <= set(events(case))
    run_everything_due()
    [update] = slack.of("chat.update")
    assert update["ts"] == "1700000000.000001"
    assert f"Approved by {house.one.username}" in shown(update["blocks"])
    assert [one["action_id"] for one in buttons(update)] == ["open"]


def test_the_token_is_nowhere_but_on_the_wire(house, agent, slack, app):
    case, _message = asked(agent, slack)
    for run in OutcomeRun.objects.filter(kind="slack_message"):
        assert TOKEN not in f"{run.headers}{bytes(run.body)!r}{run.reply_excerpt}"
    page = logged_in(house.one).get(f"/cases/{case.public_id}/").content.decode()
    assert TOKEN not in page and "Message to the chat" in page


def test_a_press_told_twice_counts_once(house, agent, slack, app):
    known(app, house.one)
    case, message = asked(agent, slack)
    value = button(message, "reject")["value"]
    for _ in range(3):
        assert press(app, value, "reject", **{"X-Slack-Retry-Num": "1"}).status_code == 200
    assert ChatPress.objects.count() == Decision.objects.count() == 1
    assert fresh(case).verdict == "reject"
    run_everything_due()
    assert len(slack.of("chat.update")) == 1 and not slack.of("chat.postEphemeral")


def test_who_comes_second_is_told_so_and_changes_nothing(house, agent, slack, app):
    known(app, house.one)
    known(app, house.two, "U2")
    case, message = asked(agent, slack)
    press(app, button(message, "approve")["value"])
    press(app, button(message, "reject")["value"], "reject", user="U2")
    assert fresh(case).verdict == "approve"
    run_everything_due()
    [reply] = slack.of("chat.postEphemeral")
    assert reply["user"] == "U2" and "closed already" in shown(reply["blocks"])
    assert [row.state for row in ChatPress.objects.order_by("pk")] == ["COUNTED", "REFUSED"]
    assert events(case).count("review.pressed") == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"secret": "another"}, 401),
        ({"at": time.time() - 301}, 401),
        ({"X-Slack-Signature": "v0=00"}, 401),
        ({"X-Slack-Signature": ""}, 401),
        ({"method": "GET"}, 405),
        ({"method": "PUT"}, 405),
    ],
)
def test_what_slack_did_not_sign_just_now_is_refused(house, agent, slack, app, changes, status):
    known(app, house.one)
    _case, message = asked(agent, slack)
    answer = press(app, button(message, "approve")["value"], **changes)
    assert answer.status_code == status
    assert not Decision.objects.exists() and not ChatPress.objects.exists()


@pytest.mark.parametrize(
    "value", ["", "x", "{}", "[]", '{"post": 1, "digest": ""}', '{"post": "00", "digest": "x"}']
)
def test_a_value_that_is_not_ours_does_nothing(house, agent, slack, app, value):
    known(app, house.one)
    asked(agent, slack)
    assert press(app, value).status_code == 200
    assert not Decision.objects.exists() and not ChatPress.objects.exists()


def test_a_button_of_another_app_or_digest_does_nothing(house, agent, slack, app):
    known(app, house.one)
    _case, message = asked(agent, slack)
    value = button(message, "approve")["value"]
    other = connect(house.exceptions, label="Other")
    known(other, house.one)
    press(other, value)
    press(app, re.sub("sha-256:..", "sha-256:00", value))
    assert not Decision.objects.exists()


def test_an_app_switched_off_hears_nothing(house, agent, slack, app):
    known(app, house.one)
    _case, message = asked(agent, slack)
    app.is_active = False
    app.save()
    assert press(app, button(message, "approve")["value"]).status_code == 404
    case_of(agent.post(confidence=0.5))
    assert ChatPost.objects.count() == 1


def test_rights_are_those_of_today(house, agent, slack, app):
    stranger = person("stranger")
    known(app, stranger)
    known(app, house.owner, "U2")
    _case, message = asked(agent, slack)
    value = button(message, "approve")["value"]
    press(app, value)
    house.one.is_active = False
    house.one.save()
    known(app, house.one, "U3")
    press(app, value, user="U3")
    assert not Decision.objects.exists()
    run_everything_due()
    said = [shown(body["blocks"]) for body in slack.of("chat.postEphemeral")]
    assert "none of the teams" in said[0] and "switched off" in said[1]
    assert Review.objects.get().state == "OPEN"


def test_an_unlinked_person_links_their_account_and_then_the_press_counts(house, agent, slack, app):
    case, message = asked(agent, slack)
    press(app, button(message, "approve")["value"])
    run_everything_due()
    address = links(slack)
    anonymous = Client().get(address)
    assert anonymous.status_code == 302 and "/login/" in anonymous.url
    client = logged_in(house.one)
    page = client.get(address)
    assert page.status_code == 200 and "jo" in page.content.decode()
    # A machine that follows links, and a page that is only looked at, decide nothing.
    client.head(address)
    assert not ChatIdentity.objects.exists() and not Decision.objects.exists()
    done = client.post(address)
    assert done.status_code == 302 and case.public_id in done.url
    identity = ChatIdentity.objects.get()
    assert (identity.user, identity.person) == (house.one, "T1/U1")
    assert Decision.objects.get(review__isnull=False).reviewer == house.one
    assert AuditEntry.objects.filter(chain="site", event="chat.linked").count() == 1
    assert client.post(address).status_code == 410
    # From now on without a question.
    second, message = asked(agent, slack)
    press(app, button(message, "reject")["value"], "reject", moment="2")
    assert fresh(second).verdict == "reject"
    assert "Chat accounts" in client.get("/settings/").content.decode()
    client.post(f"/chat/unlink/{identity.pk}/")
    assert not ChatIdentity.objects.exists()
    assert "Chat accounts" not in client.get("/settings/").content.decode()


def test_a_link_that_is_old_or_forged_links_nobody(house, agent, slack, app):
    _case, message = asked(agent, slack)
    press(app, button(message, "approve")["value"])
    run_everything_due()
    address = links(slack)
    client = logged_in(house.one)
    assert client.post(address[:-3] + "xx/").status_code == 410
    later = timezone.now() + timedelta(seconds=presses.LINK_SECONDS + 1)
    with time_machine.travel(later, tick=False):
        assert logged_in(house.one).post(address).status_code == 410
    assert not ChatIdentity.objects.exists()


def test_nobody_is_two_people_and_no_chat_account_two_users(house, agent, slack, app):
    _case, message = asked(agent, slack)
    value = button(message, "approve")["value"]
    press(app, value)
    run_everything_due()
    address = links(slack)
    known(app, house.one, "U7")
    assert logged_in(house.one).post(address).status_code == 409
    known(app, house.two, "U1")
    assert logged_in(house.three).post(address).status_code == 409
    assert ChatIdentity.objects.count() == 2 and not Decision.objects.exists()
    # Nobody unlinks somebody else.
    theirs = ChatIdentity.objects.get(user=house.two)
    assert logged_in(house.one).post(f"/chat/unlink/{theirs.pk}/").status_code == 404


def test_decided_on_the_page_the_message_says_who(house, agent, slack, app):
    _case, _message = asked(agent, slack)
    take_and_decide(house.two, "edit", changes={"/action/args/amount": "45.00"})
    assert chat.refresh() == 1 and chat.refresh() == 0
    run_everything_due()
    [update] = slack.of("chat.update")
    assert f"Approved with changes by {house.two.username}" in shown(update["blocks"])


def test_a_sealed_seat_tells_nobody_what_it_said(slack):
    house = build_house(sealed_seats=True, seats=2, quorum="UNANIMOUS", needed=2)
    agent = AgentClient(house.key)
    connect(house.queue)
    asked(agent, slack)
    take_and_decide(house.two)
    chat.refresh()
    run_everything_due()
    [update] = slack.of("chat.update")
    text = shown(update["blocks"])
    assert f"Answered by {house.two.username}" in text and "pprove" not in text


def test_what_was_not_sent_yet_is_not_sent_any_more(house, agent, slack, app):
    case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "reject")
    chat.refresh()
    run_everything_due()
    assert slack.told == []
    assert OutcomeRun.objects.get(event="chat.post").state == "CANCELLED"


def test_an_edit_by_one_makes_old_buttons_void_and_asks_the_other_anew(slack):
    house = build_house(seats=2, quorum="UNANIMOUS", needed=2)
    agent, app = AgentClient(house.key), connect(house.queue)
    known(app, house.one)
    case, _message = asked(agent, slack)
    old = [button(body, "approve")["value"] for body in slack.of("chat.postMessage")]
    assert len(old) == 2
    take_and_decide(house.two, "edit", changes={"/action/args/amount": "45.00"})
    for number, value in enumerate(old):
        press(app, value, moment=str(number))
    assert fresh(case).state == "IN_REVIEW"
    assert {row.state for row in ChatPress.objects.all()} == {"REFUSED"}
    chat.refresh()
    run_everything_due()
    assert "45.00" in shown(slack.posted["blocks"]) and "Revision 2" in shown(
        slack.posted["blocks"]
    )
    press(app, button(slack.posted, "approve")["value"], moment="9")
    assert fresh(case).state in ("DECIDED", "COMPLETED", "FAILED")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reauth_minutes": 5}, "password"),
        ({"reason_required_on": ["reject"]}, "reason"),
        ({"presentation": "HUMAN_FIRST"}, "answers first"),
        ({"presentation": "BLIND"}, "answers first"),
        ({"sealed_seats": True}, "answers first"),
    ],
)
def test_gates_that_ask_for_more_than_a_press_only_lead_to_the_page(slack, options, words):
    house = build_house(**options)
    agent, app = AgentClient(house.key), connect(house.queue)
    known(app, house.one)
    case, message = asked(agent, slack, amount="77.77")
    text = shown(message["blocks"])
    assert words in text and [one["action_id"] for one in buttons(message)] == ["open"]
    assert "77.77" not in text
    # A button that was never there does not count either.
    post = ChatPost.objects.get()
    press(app, f'{{"post": "{post.pk.hex}", "digest": "{post.digest}"}}')
    assert not Decision.objects.exists() and fresh(case).state == "IN_REVIEW"


def test_an_exception_only_leads_to_the_page(house, agent, slack):
    connect(house.exceptions)
    # Its request goes to an address inside the house, which is refused.
    case_of(agent.post())
    run_everything_due()
    assert Review.objects.get().kind == "EXCEPTION"
    assert [one["action_id"] for one in buttons(slack.posted)] == ["open"]
    assert "It is an exception" in shown(slack.posted["blocks"])


HOSTILE = [
    "<!channel> pay now",
    "<!here|everybody>",
    "<@U0123ABC> approved this",
    "<#C0123ABC|general>",
    "<https://evil.example|Open in Handrail>",
    "*Approved by admin* _really_ ~not~ `x`",
    "```\n*Approved*\n```",
    "&lt;!channel&gt;",
    ":white_check_mark: approved @channel #general",
    "> quoted by nobody",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_somebodys_words_stays_words(house, agent, slack, app, text):
    args = {"order": text[:40], "amount": "9.00"}
    _case, message = asked(agent, slack, summary=text, action={"name": "refund", "args": args})
    assert text[:40] in shown(message["blocks"])
    for place, value in texts(message):
        if text[:12] in value:
            assert place == "literal"
    assert "<" not in message["text"] and not message["link_names"]


def texts(node, place="mrkdwn"):
    """Every text with how Slack reads it: a text element of rich text is drawn as it is."""
    if isinstance(node, list):
        for one in node:
            yield from texts(one, place)
    elif isinstance(node, dict):
        kind = node.get("type")
        is_literal = kind == "text" and set(node) <= {"type", "text", "style"}
        for key, value in node.items():
            if isinstance(value, str) and key == "text":
                yield ("literal" if is_literal else kind or place, value)
            elif key != "value":
                yield from texts(value, kind or place)


@pytest.mark.parametrize(
    "note", ["pay\u202e00.1", "p\u0430y me", "a\u200bb", "a" + " " * 60 + "b", "\n" * 40 + "x"]
)
def test_what_chat_cannot_show_as_it_is_only_leads_to_the_page(house, agent, slack, app, note):
    args = {"order": "A1", "amount": "9.00", "note": note}
    _case, message = asked(agent, slack, action={"name": "refund", "args": args})
    assert [one["action_id"] for one in buttons(message)] == ["open"]
    assert "cannot" in shown(message["blocks"]) or "as it is" in shown(message["blocks"])


@pytest.mark.parametrize(("size", "is_whole"), [(2400, True), (2600, False), (400_000, False)])
def test_beyond_the_limit_there_is_only_a_link(monkeypatch, slack, size, is_whole):
    monkeypatch.setitem(building.ARGS_SCHEMA["properties"], "note", {"type": "string"})
    house = build_house()
    agent = AgentClient(house.key)
    connect(house.queue)
    args = {"order": "A1", "amount": "9.00", "note": "y" * size}
    body = {"name": "refund", "args": args}
    _case, message = asked(agent, slack, action=body)
    text = shown(message["blocks"])
    assert ("y" * size in text) is is_whole and ("yyy" in text) is is_whole
    assert ("too long" in text) is not is_whole
    expected = ["approve", "reject", "open"] if is_whole else ["open"]
    assert [one["action_id"] for one in buttons(message)] == expected


def test_slack_that_refuses_is_tried_again_only_where_that_helps(house, agent, slack, app):
    slack.errors = ["ratelimited", "internal_error"]
    asked(agent, slack)
    post = OutcomeRun.objects.get(event="chat.post")
    assert (post.state, post.attempts) == ("SUCCEEDED", 3)
    slack.errors = ["channel_not_found"]
    case = case_of(agent.post(confidence=0.5))
    run_everything_due()
    run = OutcomeRun.objects.filter(event="chat.post").last()
    assert run.state == "FAILED" and "channel_not_found" in run.last_error
    # The review waits on its page all the same.
    assert fresh(case).state == "IN_REVIEW" and Review.objects.filter(case=case).count() == 1


def test_people_are_asked_in_chat_also_under_a_stop(house, agent, slack, app):
    open_stop(by=house.admin, reason="Wrong prices.", agent=house.agent)
    _case, message = asked(agent, slack, confidence=0.99)
    assert buttons(message)


def test_a_review_that_somebody_works_on_is_theirs(house, agent, slack, app):
    known(app, house.two)
    case, message = asked(agent, slack)
    review = claims.claim_next(reviewer=house.one)
    press(app, button(message, "approve")["value"])
    run_everything_due()
    assert f"{house.one} is working on it" in shown(slack.of("chat.postEphemeral")[-1]["blocks"])
    decide(review, house.one, "reject")
    assert fresh(case).verdict == "reject"


def blocks_of(kind):
    page = (Path(django_settings.BASE_DIR) / "docs/slack.md").read_text()
    found = re.findall(rf"( +)```{kind}\n(.*?)\n +```", page, flags=re.DOTALL)
    return [textwrap.dedent(text) for _indent, text in found]


def test_the_code_of_the_page_sets_it_up(house, agent, slack):
    names = {}
    [code] = blocks_of("python")
    exec(code, names)
    names["connect"]("refunds", CHANNEL, token=TOKEN, signing_secret=SIGNING_SECRET)
    app = ChatApp.objects.get()
    known(app, house.one)
    case, message = asked(agent, slack)
    press(app, button(message, "approve")["value"])
    assert fresh(case).verdict == "approve"
    [manifest] = map(yaml.safe_load, blocks_of("yaml"))
    address = urlsplit(manifest["settings"]["interactivity"]["request_url"]).path
    assert resolve(address).url_name == "chat-receive"
    assert manifest["oauth_config"]["scopes"]["bot"] == ["chat:write"]
