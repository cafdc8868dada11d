"""The queue page: what waits, in which order, for whom, and how a person takes it."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from reviews import listing
from reviews.listing import Cursor
from reviews.models import Review
from reviews.services import claims, moves, returns
from tests.building import person
from tests.deciding import case_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def page(client, path="/", **query):
    answer = client.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_nobody_sees_a_page_before_logging_in(client, house):
    for path in ("/", "/queues/refunds/", "/cases/case_" + "0" * 32 + "/"):
        assert client.get(path).url == f"/login/?next={path}"


def test_logging_in_leads_to_the_work_and_out_again_by_post_alone(client, house):
    wrong = client.post("/login/", {"username": "reviewer.one", "password": "no"})
    assert "correct username and password" in wrong.content.decode()
    right = client.post("/login/", {"username": "reviewer.one", "password": "handrail"})
    assert right.url == "/"
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == "/login/"


def test_a_row_names_the_action_first_and_the_agents_words_second(one, agent):
    agent.post(confidence=0.5, summary="Nothing to see here")
    shown = page(one)
    assert shown.index("<b>Refund</b>") < shown.index("Nothing to see here")
    assert "confidence 0.50 &lt; 0.80" in shown
    assert "90.00" in shown


def test_what_one_holds_comes_first_and_colleagues_claims_last(one, agent, house):
    cases = [case_of(agent.post(confidence=0.5, external_id=f"o-{n}")) for n in range(3)]
    claims.claim_review(Review.objects.get(case=cases[1]), reviewer=house.one)
    claims.claim_review(Review.objects.get(case=cases[2]), reviewer=house.two)
    shown = page(one)
    places = [
        shown.index(word) for word in ("Yours", "o-1", "Free to take", "o-0", "With colleagues")
    ]
    assert places == sorted(places)


def test_a_case_of_ones_own_agent_is_not_offered(client, agent, house):
    agent.post(confidence=0.5, external_id="my-own")
    client.force_login(house.owner)
    assert "my-own" not in page(client)


def test_a_stranger_to_the_team_sees_neither_queue_nor_case(client, agent, house):
    case = case_of(agent.post(confidence=0.5))
    client.force_login(person("stranger"))
    assert client.get("/queues/refunds/").status_code == 404
    assert client.get(reverse("case-detail", args=[case.id])).status_code == 404
    assert "in no team" in page(client)


def test_start_reviewing_takes_the_most_urgent_and_opens_it(one, agent, house):
    cases = [case_of(agent.post(confidence=0.5)) for _ in range(2)]
    Review.objects.filter(case=cases[1]).update(priority=5)
    assert one.get("/claim-next/").status_code == 405
    assert one.post("/claim-next/").url == reverse("case-detail", args=[cases[1].id])
    assert Review.objects.get(case=cases[1]).claimed_by == house.one


def test_what_one_holds_is_opened_before_anything_new_is_taken(one, agent, house):
    cases = [case_of(agent.post(confidence=0.5)) for _ in range(2)]
    one.post("/claim-next/")
    assert one.post("/claim-next/").url == reverse("case-detail", args=[cases[0].id])
    looked_at = Review.objects.get(case=cases[0]).id.hex
    after = one.post("/claim-next/", {"looked_at": looked_at})
    assert after.url == reverse("case-detail", args=[cases[1].id])


def test_an_empty_queue_says_so(one, house):
    answer = one.post("/claim-next/", {"queue": "refunds"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/queues/refunds/"
    assert "Nothing is waiting for you here" in answer.content.decode()


def test_filters_narrow_by_reason_agent_due_and_words(one, agent, house):
    agent.post(confidence=0.5, external_id="unsure")
    case = case_of(agent.post(amount="2000.00", external_id="large", summary="A sofa"))
    Review.objects.filter(case=case).update(due_at=timezone.now() - timedelta(hours=1))
    for query in (
        {"trigger": "value_above"},
        {"due": "late"},
        {"text": "sofa"},
        {"text": "LARGE"},
        {"agent": house.agent.pk, "due": "hour"},
        {"value_from": "1500", "workflow": "refunds"},
        {"value_from": "1500", "value_to": "2000.00", "queue": "refunds", "state": "free"},
    ):
        shown = page(one, **query)
        assert "large" in shown, query
        assert "unsure" not in shown, query
    assert "1:00 h late" in page(one)


def test_a_filter_nobody_understands_is_explained_and_left_out(one, agent):
    agent.post(confidence=0.5, external_id="here")
    shown = page(one, trigger="magic", agent="99", due="yesterday")
    assert "here" in shown
    assert "magic is not one of the available choices" in shown


def test_a_state_shows_one_group_of_the_page(one, agent, house):
    cases = [case_of(agent.post(confidence=0.5, external_id=f"o-{n}")) for n in range(3)]
    claims.claim_review(Review.objects.get(case=cases[1]), reviewer=house.one)
    claims.claim_review(Review.objects.get(case=cases[2]), reviewer=house.two)
    for state, own in (("free", "o-0"), ("mine", "o-1"), ("taken", "o-2")):
        shown = page(one, state=state)
        assert [name for name in ("o-0", "o-1", "o-2") if name in shown] == [own]


def test_a_queue_that_is_not_ones_own_cannot_be_asked_for(one, agent, house):
    assert "Select a valid choice" in page(one, queue="large")


def test_a_value_range_the_wrong_way_round_is_explained(one, agent):
    agent.post(confidence=0.5, external_id="here")
    shown = page(one, value_from="50", value_to="20")
    assert "is under the value it begins with" in shown
    assert "here" in shown


def test_a_row_says_why_now(one, agent):
    agent.post(confidence=0.5, amount="2000.00")
    assert "2,000.00 EUR at stake · confidence" in page(one)


def test_pages_follow_each_other_without_gap_or_repeat(one, agent, house, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 3)
    cases = [case_of(agent.post(confidence=0.5)) for _ in range(8)]
    for number, case in enumerate(cases):
        Review.objects.filter(case=case).update(priority=number % 3)
    moment = timezone.now()
    Review.objects.filter(case__in=cases[:4]).update(due_at=moment)
    seen, after = [], None
    for _ in range(3):
        found = listing.page_of(
            house.one,
            queues=[house.queue.pk, house.exceptions.pk],
            filters=listing.Filters(),
            after=after,
        )
        seen += [review.pk for review in found.waiting]
        after = found.next and Cursor.parse(str(found.next))
    assert after is None
    assert seen == list(Review.objects.in_order().values_list("pk", flat=True))


def test_the_next_page_is_a_link_and_a_mangled_one_starts_over(one, agent, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 1)
    for number in range(2):
        agent.post(confidence=0.5, external_id=f"nr-{number}")
    first = one.get("/")
    cursor = str(first.context["page"].next)
    second = page(one, after=cursor)
    assert "nr-1" in second
    assert "nr-0" not in second
    for mangled in ("x", "1~2~3", "99999~2026-01-01T00:00:00+00:00~" + "0" * 32, "\x00"):
        assert "mangled" in page(one, after=mangled)


def test_the_rail_counts_what_waits_and_never_a_whole_large_queue(one, agent, monkeypatch):
    monkeypatch.setattr("reviews.loads.MOST_COUNTED", 2)
    for _ in range(4):
        agent.post(confidence=0.5)
    shown = page(one)
    assert "2+" in shown
    assert "0 min" in shown


def test_the_queue_page_costs_few_queries_however_much_waits(
    one, agent, django_assert_max_num_queries
):
    for _ in range(6):
        agent.post(confidence=0.5, amount="2000.00")
    one.get("/")
    with django_assert_max_num_queries(16):
        one.get("/")


LIVE = {"Handrail-Live": "1"}


def test_a_page_that_is_looked_at_is_drawn_again_only_when_something_changed(one, agent, house):
    agent.post(confidence=0.5, external_id="first")
    with time_machine.travel(timezone.now().replace(second=5), tick=False):
        asked = one.get("/?due=day", headers=LIVE)
        assert "first" in asked.content.decode()
        assert "<html" not in asked.content.decode()
        tag = asked.headers["ETag"]
        again = one.get("/?due=day", headers=LIVE | {"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        claims.claim_review(Review.objects.get(), reviewer=house.two)
        changed = one.get("/?due=day", headers=LIVE | {"If-None-Match": tag})
        assert "reviewer.two" in changed.content.decode()


def test_the_counts_of_the_rail_are_kept_true_on_every_page(one, agent, house):
    before = one.get("/rail/", headers=LIVE)
    agent.post(confidence=0.5)
    after = one.get("/rail/", headers=LIVE | {"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "Refunds" in after.content.decode()


def test_looking_again_asks_less_than_drawing(one, agent, django_assert_max_num_queries):
    agent.post(confidence=0.5)
    tag = one.get("/", headers=LIVE).headers["ETag"]
    with django_assert_max_num_queries(11):
        one.get("/", headers=LIVE | {"If-None-Match": tag})


def test_what_is_put_off_is_listed_with_when_it_comes_back(one, agent, house):
    case_of(agent.post(confidence=0.5, external_id="o-free"))
    late, soon = (case_of(agent.post(confidence=0.5, external_id=f"o-{n}")) for n in range(2))
    now = timezone.now()
    for case, hours in ((late, 9), (soon, 2)):
        held = claims.claim_review(Review.objects.get(case=case), reviewer=house.two)
        moves.snooze(held, reviewer=house.two, until=now + timedelta(hours=hours))
    assert "o-0" not in page(one, state="free")
    shown = page(one, state="put_off")
    assert shown.index("o-1") < shown.index("o-0") and "o-free" not in shown
    assert "to reviewer.two first" in shown
    assert f'datetime="{(now + timedelta(hours=2)).isoformat()}"' in shown
    with time_machine.travel(now + timedelta(hours=3)):
        one.force_login(house.one)
        assert "o-1" not in page(one, state="put_off")


def test_what_waits_for_its_agent_is_listed_where_it_was_asked(one, agent, house):
    waiting, _other = (case_of(agent.post(confidence=0.5, external_id=f"o-{n}")) for n in range(2))
    held = claims.claim_review(Review.objects.get(case=waiting), reviewer=house.two)
    returns.ask_agent(held, reviewer=house.two, question="Which parcel?")
    shown = page(one, state="asked")
    assert "o-0" in shown and "o-1" not in shown
    assert "when it answers" in shown and "the clock stands" in shown
    assert "o-0" not in page(one)
    assert "o-0" not in page(one, "/queues/exceptions/", state="asked")
