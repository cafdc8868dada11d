"""The queue page while it is looked at: true without a reload, and still under a hand."""

import pytest
from playwright.sync_api import expect

from reviews.models import Review
from reviews.services import claims
from tests.deciding import case_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def look(page):
    """As if the tab came back into view: the page asks at once."""
    with page.expect_response(lambda answer: answer.request.headers.get("handrail-live") == "1"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_rows_come_and_go_while_the_page_is_open_and_wait_for_a_hand(people, desk, desk_agent):
    first, second = (case_of(desk_agent.post(confidence=0.5, external_id=f"o-{n}")) for n in (1, 2))
    one = people("reviewer.one")
    page = one.page
    desk_agent.post(confidence=0.5, external_id="o-3")
    look(page)
    expect(page.locator("#list")).to_contain_text("o-3")
    expect(page.locator("#rail")).to_contain_text("3")
    link = page.locator(f'a[href="/cases/{first.public_id}/"]')
    link.focus()
    claims.claim_review(Review.objects.get(case=second), reviewer=desk.two)
    desk_agent.post(confidence=0.5, external_id="o-4")
    look(page)
    expect(page.locator("[data-live-notice]")).to_contain_text("The list has changed.")
    expect(link).to_be_focused()
    expect(page.locator("#list")).not_to_contain_text("o-4")
    row = page.locator(f"#row-{Review.objects.get(case=second).id.hex}")
    expect(row).to_contain_text("reviewer.two")
    page.get_by_role("button", name="Show it as it is now").click()
    expect(page.locator("#list")).to_contain_text("o-4")
    expect(page.locator(".group-taken")).to_contain_text("o-2")
    assert one.findings() == []


def test_chosen_rows_stay_chosen_and_are_done_together(people, desk, desk_agent):
    for number in range(4):
        desk_agent.post(confidence=0.5, external_id=f"o-{number}")
    one = people("reviewer.one")
    page = one.page
    for key in "jv":
        page.keyboard.press(key)
    page.locator("[data-pick]").nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-pick-count]")).to_have_text("3")
    desk_agent.post(confidence=0.5, external_id="o-9")
    look(page)
    expect(page.locator("[data-pick-count]")).to_have_text("3")
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.locator("main")).to_contain_text("o-2")
    page.get_by_role("button", name="Take: 3 cases").click()
    expect(page.locator("main")).to_contain_text("3 of 3 done")
    assert Review.objects.claimed_by(desk.one).count() == 3
    assert one.findings() == []
