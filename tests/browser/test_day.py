"""A day's work by keyboard alone: twenty cases, every verdict and every verb beside one."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from reviews.models import Case, Decision, OutcomeRun, Review
from reviews.services import undoing
from tests.building import House, build_house
from tests.deciding import case_of, events, fresh, run_everything_due

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = [
    *("approve", "edit", "reject", "respond", "ask", "escalate", "hand over", "snooze", "skip"),
    *("approve", "regret", "approve", "edit", "approve", "reject", "approve", "respond"),
    *("approve", "edit", "approve"),
]


@pytest.fixture
def desk(transactional_db, ledger) -> House:
    house = build_house(undo_seconds=120, reason_required_on=["reject"])
    house.queue.escalation_queue = house.extra["large"]
    house.queue.save()
    return house


def approve(page: Page) -> None:
    page.keyboard.press("a")


def edit(page: Page) -> None:
    page.keyboard.press("e")
    to(page, page.get_by_label("Amount"))
    page.keyboard.press("Control+a")
    page.keyboard.type("75.50")
    page.keyboard.press("Control+Enter")


def reject(page: Page) -> None:
    page.keyboard.press("r")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")


def write(key: str, words: str):
    def press(page: Page) -> None:
        page.keyboard.press(key)
        expect(page.locator("textarea:focus, input:focus")).to_be_visible()
        page.keyboard.type(words)
        page.keyboard.press("Control+Enter")

    return press


def hand_over(page: Page) -> None:
    page.keyboard.press("h")
    expect(page.locator("select:focus")).to_be_visible()
    page.keyboard.type("reviewer.two")
    page.keyboard.press("Control+Enter")


def snooze(page: Page) -> None:
    page.keyboard.press("z")
    expect(page.locator("select:focus")).to_be_visible()
    page.keyboard.press("Control+Enter")


def to(page: Page, control) -> None:
    """By Tab, as far as it takes."""
    for _ in range(80):
        if control.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"No Tab leads to {control}.")


BY_KEY = {
    "approve": approve,
    "edit": edit,
    "reject": reject,
    "respond": write("p", "The voucher is in the post."),
    "ask": write("q", "Which parcel was it?"),
    "escalate": write("x", "Looks like a pattern."),
    "hand over": hand_over,
    "snooze": snooze,
    "skip": write("s", "I know the customer."),
    "regret": approve,
}


def test_twenty_cases_by_keyboard_alone(people, desk, desk_agent, ledger):
    cases = [
        case_of(desk_agent.post(confidence=0.5, external_id=f"order-{number}"))
        for number in range(1, len(DAY) + 1)
    ]
    one = people("reviewer.one")
    page = one.page
    page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{cases[0].public_id}/")
    to(page, page.get_by_label("then the next"))
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    asked = cases[DAY.index("ask")]
    for number, (case, verb) in enumerate(zip(cases, DAY, strict=True)):
        page.wait_for_url(f"**/cases/{case.public_id}/")
        BY_KEY[verb](page)
        following = cases[number + 1] if number + 1 < len(cases) else None
        if verb == "regret":
            think_again(page, desk_agent, case, following)
    expect(page.locator("main")).to_contain_text("Nothing is waiting for you here")
    answer(desk_agent, asked)
    page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{asked.public_id}/")
    approve(page)
    expect(page.locator("main")).to_contain_text("Nothing is waiting for you here")
    assert one.findings() == []
    check_what_was_done(desk, dict(zip(DAY, cases, strict=True)), asked)
    check_what_was_sent(cases, ledger)
    expect(page.locator("#rows-waiting")).to_have_count(0)


def think_again(page: Page, agent, case: Case, following: Case) -> None:
    """Already at the next case: back with `u`, and decided the other way."""
    page.wait_for_url(f"**/cases/{following.public_id}/")
    before = on_wire(agent, case)
    assert before["status"] == "pending"
    page.keyboard.press("u")
    page.wait_for_url(f"**/cases/{case.public_id}/")
    expect(page.locator(".messagelist")).to_contain_text("nothing was sent")
    assert on_wire(agent, case) == before
    reject(page)


def on_wire(agent, case: Case) -> dict:
    return agent.get(f"/api/v1/cases/{case.public_id}").json()


def answer(agent, case: Case) -> None:
    sent = agent.http.post(
        f"/api/v1/cases/{case.public_id}/messages",
        data={"message": "The second one."},
        content_type="application/json",
        headers={"Authorization": f"Bearer {agent.key}", "Idempotency-Key": "the-answer"},
    )
    assert sent.status_code == 201, sent.content


def check_what_was_done(desk: House, last: dict[str, Case], asked: Case) -> None:
    verdicts = Decision.objects.filter(by="reviewer", standing="COUNTS", reviewer=desk.one)
    assert sorted(verdicts.values_list("verdict", flat=True)) == sorted(
        ["approve"] * 9 + ["edit"] * 3 + ["reject"] * 3 + ["respond"] * 2
    )
    open_now = {row.case: row for row in Review.objects.open().select_related("queue", "case")}
    assert open_now[last["escalate"]].queue == desk.extra["large"]
    assert open_now[last["hand over"]].offered_to == desk.two
    assert open_now[last["snooze"]].snoozed_until > timezone.now()
    skipped = open_now[last["skip"]]
    assert not Review.objects.claimable_by(desk.one).filter(pk=skipped.pk).exists()
    assert Review.objects.claimable_by(desk.two).filter(pk=skipped.pk).exists()
    assert len(open_now) == 4
    assert "decision.undone" in events(last["regret"])
    assert fresh(asked).verdict == ""


def check_what_was_sent(cases: list[Case], ledger) -> None:
    """Nothing while the windows ran; then what stands, and nothing of what was undone."""
    assert not OutcomeRun.objects.filter(rule__isnull=False).exists()
    assert ledger.book.report()["entries"] == []
    Case.objects.filter(undo_until__isnull=False).update(undo_until=timezone.now())
    undoing.end_windows()
    run_everything_due()
    amounts = [entry["body"]["amount"] for entry in ledger.book.report()["entries"]]
    assert sorted(amounts) == ["75.50"] * 3 + ["90.00"] * 8
    assert fresh(cases[DAY.index("regret")]).verdict == "reject"
