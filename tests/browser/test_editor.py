"""The generated editor in a browser: by keyboard, rows without a reload, nothing refused."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from reviews.models import Decision
from tests.browser.test_accessibility import too_wide
from tests.conftest import AgentClient
from tests.deciding import case_of
from tests.orders import ARGS, build_order_house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("HANDRAIL_SHOTS", "")


@pytest.fixture
def case(transactional_db, ledger, monkeypatch):
    house = build_order_house(monkeypatch)
    action = {"name": "refund", "args": ARGS}
    return case_of(AgentClient(house.key).post(confidence=0.5, action=action))


def test_rows_are_edited_by_keyboard_and_sent(people, case):
    one = people("reviewer.one")
    page = one.open(f"/cases/{case.public_id}/")
    page.keyboard.press("c")
    page.wait_for_selector("[data-verdict-form]")
    page.keyboard.press("e")
    page.get_by_role("button", name="Add a row to Lines").focus()
    page.keyboard.press("Enter")
    article = page.get_by_role("group", name="Lines 3").get_by_label("Article")
    expect(article).to_be_focused()
    page.keyboard.type("x3")
    page.keyboard.press("Tab")
    page.keyboard.type("4")
    expect(page.locator("#what-will-run .changed")).to_contain_text("x3")
    page.get_by_role("button", name="Move Lines 3 up").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move Lines 2 up")).to_be_focused()
    expect(page.locator("[data-verdict][value=edit]")).to_contain_text("(1)")
    page.get_by_label("Kind").select_option("Transfer")
    page.get_by_label("IBAN").fill("CH93")
    expect(page.locator("[data-verdict][value=edit]")).to_contain_text("(2)")
    page.get_by_label("IBAN").press("Control+Enter")
    page.wait_for_selector("#decided")
    assert one.findings() == []
    decision = Decision.objects.get(by="reviewer")
    assert decision.changes[0]["pointer"] == "/action/args/lines"
    assert [line["sku"] for line in decision.changes[0]["to"]] == ["x1", "x3", "x2"]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_axe_finds_nothing_in_the_editor(people, case, width, scheme):
    one = people("reviewer.one", viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = one.open(f"/cases/{case.public_id}/")
    page.keyboard.press("c")
    page.wait_for_selector("[data-verdict-form]")
    page.locator("#edits > summary").click()
    third = page.get_by_role("group", name="Lines 3")
    page.get_by_role("button", name="Add a row to Lines").click()
    expect(third).to_be_visible()
    page.get_by_role("button", name="Take Lines 1 away").click()
    expect(third).to_have_count(0)
    page.get_by_label("Count").last.fill("none")
    page.get_by_role("button", name="Approve with changes").click()
    page.wait_for_selector("[data-problems]")
    assert one.findings() + too_wide(page) == []
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"editor-{width}-{scheme}.png", full_page=True)
