"""What a page leaves out for its size is counted, read part by part, and on record when opened."""

import json
import time
from html import unescape

import pytest
from django.urls import reverse

from reviews.models import Decision, Review
from reviews.services import claims
from tests.deciding import case_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def opened(agent, **data):
    return case_of(agent.post(confidence=0.5, data={"order": "A1", "amount": "9.00"} | data))


def part(client, case, **query):
    return client.get(reverse("case-part", args=[case.pk]), query)


def test_a_long_text_is_read_to_its_end(one, agent):
    text = "".join(f"{number} " for number in range(9_000))
    case = opened(agent, extra=text)
    body, at = "", 0
    for _window in range(9):
        answer = part(one, case, at="/data/extra", **{"as": "text", "from": at})
        body += answer.context["part"].text
        at = answer.context["part"].next
        if at is None:
            break
    assert body == text


def test_a_long_table_is_read_to_its_end(one, agent):
    case = opened(agent, rows=[{"sku": f"x{number}", "paid": True} for number in range(620)])
    first = one.get(reverse("case-detail", args=[case.pk])).content.decode()
    assert "50 of 620 shown" in first
    assert "x49" in first
    assert "x50" not in first
    at, seen = 50, 50
    while at is not None:
        answer = part(one, case, at="/data/rows", **{"from": at})
        shown = answer.context["part"]
        seen += len(shown.rows.rows)
        at = shown.next
    assert seen == 620
    assert "x619" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"at": "/nothing"},
        {"at": ""},
        {"at": "data"},
        {"at": "/data/order"},
        {"at": "/data/~9", "as": "text"},
    ],
)
def test_a_part_that_is_none_is_not_found(one, agent, query):
    assert part(one, opened(agent), **query).status_code == 404


@pytest.mark.parametrize("start", ["-1", "x", "9" * 40, "999999"])
def test_a_start_that_is_none_shows_little_and_breaks_nothing(one, agent, start):
    case = opened(agent, extra="abc")
    assert part(one, case, at="/data/extra", **{"as": "text", "from": start}).status_code == 200


def test_parts_are_for_those_who_may_see_the_case(client, agent, house):
    case = opened(agent)
    stranger = house.one.__class__.objects.create_user("stranger")
    client.force_login(stranger)
    assert part(client, case, at="/data/order", **{"as": "text"}).status_code == 404


def test_what_was_opened_is_on_record_with_the_verdict(one, agent, house):
    case = opened(agent, extra="word " * 500)
    review = claims.claim_review(Review.objects.get(case=case), reviewer=house.one)
    proposal = case.proposals.get()
    answer = one.post(
        reverse("review-decide", args=[review.pk]),
        {
            "verdict": "approve",
            "revision": 1,
            "digest": proposal.digest,
            "message": "",
            "opened": json.dumps(["/data/extra"]),
        },
    )
    assert answer.status_code == 302
    assert Decision.objects.get(review=review).opened == ["/data/extra"]
    entry = case.audit_entries.get(event="review.decided")
    assert entry.content["data"]["opened"] == ["/data/extra"]


def test_words_that_contradict_the_action_are_pointed_out(one, agent):
    case = case_of(agent.post(confidence=0.5, summary="Only 9.00 EUR", amount="900.00"))
    ours = unescape(one.get(reverse("case-detail", args=[case.pk])).content.decode())
    frame = ours.split('id="what-will-run"')[1].split("</section>")[0]
    assert "name another amount" in frame
    assert "9.00 EUR" in frame


def test_an_address_opens_only_by_a_second_choice(one, agent):
    answer = one.get(reverse("leaving"), {"to": "https://bank.com@evil.example/x"})
    body = unescape(answer.content.decode())
    assert "evil.example</b>" in body
    assert 'rel="noopener noreferrer nofollow"' in body
    for no_address in ("javascript:alert(1)", "//evil.example", "data:x,y", "http://", "x"):
        assert one.get(reverse("leaving"), {"to": no_address}).status_code == 404


def test_a_case_as_large_as_a_call_may_be_stays_quick_to_look_at(one, agent):
    hostile = "a\u200b" * 1_000
    data = {f"n{number}": hostile for number in range(100)}
    case = opened(agent, **data, rows=[{"sku": f"x{n}", "list": [n]} for n in range(5_000)])
    one.get(reverse("case-detail", args=[case.pk]))
    began = time.process_time()
    answer = one.get(reverse("case-detail", args=[case.pk]))
    assert time.process_time() - began < 4
    # A mark is some fifty bytes; of this text alone there would be 100,000.
    assert len(answer.content) < 6_000_000
    assert b"as=text" in answer.content
