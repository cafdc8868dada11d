"""A whole review as a person does it: by keys, under the eyes of the policy."""

import re

import pytest
from playwright.sync_api import expect

from reviews.models import Decision, Review
from tests.deciding import case_of, run_everything_due

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_review_by_keyboard_alone_from_the_queue_to_the_ledger(people, desk, desk_agent, ledger):
    case = case_of(desk_agent.post(confidence=0.5, amount="90.00"))
    one = people("reviewer.one")
    page = one.page
    page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{case.public_id}/")
    page.keyboard.press("e")
    amount = page.get_by_label("Amount")
    while not amount.evaluate("field => field === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("75.50")
    expect(page.locator(".field.changed .was")).to_have_text("agent: 90.00")
    frame = page.locator("#what-will-run")
    expect(frame.locator(".changed")).to_contain_text("75.50")
    expect(frame).to_contain_text('"amount": "75.50"')
    page.keyboard.press("Control+Enter")
    expect(page.locator("#decided")).to_contain_text("reviewer.one approved with changes")
    expect(page.locator("#outcomes")).to_contain_text("about to be sent")
    run_everything_due()
    expect(page.locator("#outcomes")).to_contain_text("succeeded")
    expect(page.locator("#case-state")).to_contain_text("completed")
    expect(page.locator("#history")).to_contain_text("delivered")
    assert [entry["body"]["amount"] for entry in ledger.book.report()["entries"]] == ["75.50"]
    assert Decision.objects.filter(by="reviewer").get().active_seconds > 0
    assert one.findings() == []


def test_a_rejection_asks_for_its_reason_and_control_enter_sends_it(people, desk, desk_agent):
    desk_agent.post(confidence=0.5)
    page = people("reviewer.one").page
    page.keyboard.press("n")
    page.wait_for_selector("[data-verdict-form]")
    page.keyboard.press("r")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#decided")).to_contain_text("rejected")
    expect(page.locator("#decided")).to_contain_text("Against the policy")


def test_keys_are_letters_while_somebody_types(people, desk, desk_agent):
    desk_agent.post(confidence=0.5)
    page = people("reviewer.one").page
    page.keyboard.press("n")
    comment = page.get_by_label(re.compile("Comment"))
    comment.click()
    page.keyboard.type("a reason not near r")
    expect(comment).to_have_value("a reason not near r")
    assert not Decision.objects.exists()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Use single keys in this browser").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert not Decision.objects.exists()


def test_return_in_a_field_decides_nothing(people, desk, desk_agent):
    desk_agent.post(confidence=0.5)
    page = people("reviewer.one").page
    page.keyboard.press("n")
    page.wait_for_selector("[data-verdict-form]")
    page.keyboard.press("e")
    page.get_by_label("Amount").press("Enter")
    page.wait_for_timeout(300)
    assert not Decision.objects.exists()


def test_verdict_keys_wait_until_what_is_folded_was_opened(people, desk, desk_agent):
    data = {"order": "A1", "amount": "90.00", "reason": "Read me. " * 200}
    desk_agent.post(confidence=0.5, data=data)
    page = people("reviewer.one").page
    page.keyboard.press("n")
    fold = page.locator("details.fold")
    expect(fold).not_to_have_attribute("open", "")
    page.keyboard.press("a")
    expect(page.locator("[data-said]")).to_contain_text("Read the folded parts first")
    expect(fold).to_have_attribute("open", "")
    assert not Decision.objects.exists()
    page.keyboard.press("a")
    page.wait_for_selector("#decided")


def test_two_reviewers_race_and_the_second_reads_who_was_faster(people, desk, desk_agent):
    case = case_of(desk_agent.post(confidence=0.5))
    one, two = people("reviewer.one"), people("reviewer.two")
    for person in (one, two):
        person.open(f"/cases/{case.public_id}/")
    for person in (one, two):
        person.page.keyboard.press("c")
        person.page.wait_for_load_state()
    for person in (one, two):
        answered = re.compile("Give back|is working on it")
        expect(person.page.locator("main")).to_contain_text(answered)
    winner = Review.objects.get(case=case).claimed_by
    first, second = (one, two) if winner == desk.one else (two, one)
    expect(first.page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    expect(second.page.locator("main")).to_contain_text(f"{winner.username} is working on it.")
    expect(second.page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)


def test_a_list_is_walked_with_j_and_k(people, desk, desk_agent):
    cases = [case_of(desk_agent.post(confidence=0.5)) for _ in range(3)]
    page = people("reviewer.one").page
    for key in "jjjk":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{cases[1].public_id}/")


def test_what_was_typed_outlives_a_lost_lease(people, desk, desk_agent):
    desk_agent.post(confidence=0.5)
    page = people("reviewer.one").page
    page.keyboard.press("n")
    page.wait_for_selector("[data-verdict-form]")
    page.keyboard.press("e")
    page.get_by_label("Amount").fill("60.00")
    Review.objects.update(state="OPEN", claimed_by=None, claimed_at=None, lease_expires_at=None)
    page.get_by_role("button", name="Approve with changes").click()
    expect(page.locator(".banner")).to_contain_text("not yours")
    page.get_by_role("button", name="Take it again").click()
    expect(page.get_by_label("Amount")).to_have_value("60.00")
    page.get_by_role("button", name="Approve with changes").click()
    expect(page.locator("#decided")).to_contain_text("90.00")
    expect(page.locator("#decided")).to_contain_text("60.00")


def test_the_pages_work_without_scripts(people, desk, desk_agent):
    desk_agent.post(confidence=0.5)
    page = people("reviewer.one", java_script_enabled=False).page
    page.get_by_role("button", name="Start reviewing").click()
    page.locator("#edits summary").click()
    page.get_by_label("Amount").fill("70.00")
    page.get_by_role("button", name="Approve with changes").click()
    assert "approved with changes" in page.locator("#decided").inner_text()


def test_several_are_taken_and_given_back_without_scripts(people, desk, desk_agent):
    cases = [case_of(desk_agent.post(confidence=0.5, external_id=f"o-{n}")) for n in range(3)]
    page = people("reviewer.one", java_script_enabled=False).page
    for act, done in (("Take", "Taken: it is yours."), ("Give back", "Given back to the queue.")):
        for name in ("o-0", "o-2"):
            page.get_by_label(f"Choose {name}").check()
        page.get_by_role("button", name=act, exact=True).click()
        page.get_by_role("button", name="2 cases").click()
        assert page.locator("main").inner_text().count(done) == 2
        held = Review.objects.filter(state="CLAIMED").values_list("case", flat=True)
        assert set(held) == ({cases[0].pk, cases[2].pk} if act == "Take" else set())
        page.get_by_role("link", name="Back to the list").click()
