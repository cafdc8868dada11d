"""Text that attacks whoever reads it runs nothing, hides nothing and leaves its frame nowhere."""

import pytest
from playwright.sync_api import expect

from tests.deciding import case_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ATTACK = (
    "</p></section><script>alert(1)</script><img src=http://evil.example/a.png onerror=alert(2)>"
    "<svg onload=alert(3)><style>body{display:none}</style><a href='javascript:alert(4)'>x</a>"
    "<iframe src=//evil.example></iframe>{{ 7|add:7 }}{% now 'Y' %}"
    "<form action=/reviews/x/decide/><button name=verdict value=approve>Approve</button>"
    "\u202edecrof\u202c a\u200bb \U000e0041 p\u0430ypal https://bank.com@evil.example/x"
    + "\n" * 80
    + " " * 200
    + "the end"
)

ARGS = {"order": "<script>alert(9)</script>", "amount": "90.00", "note": ATTACK[:400]}


@pytest.fixture
def case(desk, desk_agent):
    return case_of(
        desk_agent.post(
            confidence=0.5,
            summary=ATTACK[:480],
            external_id="<script>alert(5)</script>",
            agent_version="<b>9</b>",
            data={
                "order": "<img src=x onerror=alert(6)>",
                "amount": "90.00",
                "<script>alert(7)</script>": ATTACK,
                "customer": {"id": "<svg/onload=alert(8)>"},
            },
            action={
                "name": "refund",
                "args": {
                    "order": "<script>alert(9)</script>",
                    "amount": "90.00",
                    "note": ATTACK[:400],
                },
            },
            ai_output={"text": ATTACK, "<style>": {"<img onerror=alert(1) src=x>": [ATTACK]}},
        )
    )


def test_nothing_of_it_runs_or_is_fetched_on_any_page(people, case):
    one = people("reviewer.one")
    assert one.findings() == []
    page = one.open(f"/cases/{case.public_id}/")
    page.keyboard.press("c")
    page.wait_for_selector("[data-verdict-form]")
    page.locator("#edits summary").click()
    page.get_by_label("Amount").fill("80.00")
    expect(page.locator("#what-will-run .changed")).to_contain_text("80.00")
    for fold in page.locator("details.fold > summary").all():
        fold.click()
    assert one.findings() == []
    page.get_by_role("button", name="Approve with changes").click()
    page.wait_for_selector("#decided")
    page.wait_for_timeout(1800)
    assert one.findings() == []


def test_what_is_invisible_is_shown_and_what_is_long_is_counted(people, case):
    page = people("reviewer.one").open(f"/cases/{case.public_id}/")
    words = page.locator("#agent-words")
    for mark in ("U+202E", "U+200B", "U+E0041", "leads to evil.example", "79 blank lines"):
        expect(words).to_contain_text(mark)
    expect(words).to_contain_text("200 spaces")
    assert words.locator(".mark-lookalike").first.inner_text() == "\u0430"
    assert page.locator("main form button[name=verdict]").count() == 0
    assert page.locator("main a[href^=http], main a[href^=javascript]").count() == 0


def test_the_agents_frame_keeps_its_size_until_somebody_opens_it(people, case):
    page = people("reviewer.one").open(f"/cases/{case.public_id}/")
    words = page.locator("#agent-words")
    assert words.bounding_box()["height"] < 200
    page.keyboard.press("m")
    assert words.bounding_box()["height"] > 250
