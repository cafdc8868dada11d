"""What a person chose counts on every page, in a real browser."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from reviews.services.preferences import save_preferences
from tests.deciding import case_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("HANDRAIL_SHOTS", "")


def test_chosen_keys_language_and_theme_are_those_of_every_page(people, desk, desk_agent):
    case = case_of(desk_agent.post(confidence=0.71, amount="2400.00"))
    one = people("reviewer.one")
    page = one.open("/settings/")
    page.get_by_label("take and open the next review").fill("w")
    page.get_by_label("approve", exact=True).fill("f")
    page.get_by_label("Colours").select_option("dark")
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Einstellungen")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    _shot(page, "settings-de")
    one.open("/")
    _shot(page, "queue-de")
    page.keyboard.press("n")
    page.keyboard.press("w")
    page.wait_for_url(f"**/cases/{case.public_id}/")
    expect(page.get_by_role("button", name="Genehmigen", exact=False).first).to_contain_text("f")
    _shot(page, "case-de")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("die nächste Prüfung nehmen und öffnen")
    assert one.findings() == []


def test_with_single_keys_off_no_letter_does_anything(people, desk, desk_agent):
    desk_agent.post(confidence=0.5)
    save_preferences(desk.one, single_keys=False)
    page = people("reviewer.one").page
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    assert page.url.endswith("/")


def _shot(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
