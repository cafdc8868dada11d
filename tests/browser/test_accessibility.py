"""axe finds nothing and nothing is wider than the screen: light, dark, wide and narrow."""

import os
from pathlib import Path

import pytest

from reviews.models import Notification, Review
from reviews.services import claims
from reviews.services.notices import notify
from tests.building import allow
from tests.deciding import case_of, decide, run_everything_due
from workflows.models import Membership

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Where to leave pictures of the pages for people to look at; nowhere unless it is set.
SHOTS = os.environ.get("HANDRAIL_SHOTS", "")


@pytest.fixture
def pages(desk, desk_agent, settings):
    """Every state of the pages, by a short name; `reviewer.one` leads the team."""
    Membership.objects.filter(user=desk.one).update(role=Membership.Role.LEAD)
    allow(desk.one, "view_board", "move_review", "view_personal_figures")
    cases = [
        case_of(desk_agent.post(confidence=0.71, amount=amount, external_id=f"order-{n}"))
        for n, amount in enumerate(("90.00", "2400.00", "120.00", "80.00", "70.00"))
    ]
    claimed, read_only, decided, failed = (Review.objects.get(case=case) for case in cases[:4])
    for review in (claimed, decided):
        claims.claim_review(review, reviewer=desk.one)
    claims.claim_review(read_only, reviewer=desk.two)
    decide(decided, desk.one, "edit", changes={"/action/args/amount": "99.00"}, message="Capped")
    run_everything_due()
    settings.OUTBOUND_ALLOW = []
    claims.claim_review(failed, reviewer=desk.two)
    decide(failed, desk.two)
    run_everything_due()
    for case in cases[1:3]:
        notify([desk.one.pk], Notification.Kind.ESCALATED, case=case, queue="Large amounts")
    paths = {
        f"case {name}": f"/cases/{review.case.public_id}/"
        for name, review in {
            "claimed": claimed,
            "read only": read_only,
            "decided": decided,
            "failed": failed,
        }.items()
    }
    return {
        "queue": "/?value_from=1",
        "board": "/board/",
        "one queue": "/queues/refunds/",
        "nothing": "/queues/refunds/?text=zzz",
        "settings": "/settings/",
        "notifications": "/notifications/",
    } | paths


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_axe_finds_nothing(people, pages, width, scheme):
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    stranger = people(**options)
    stranger.open("/login/")
    found = {"login": stranger.findings() + too_wide(stranger.page)}
    one = people("reviewer.one", **options)
    for name, path in pages.items():
        page = one.open(path)
        found[name] = one.findings() + too_wide(page)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{scheme}.png", full_page=True)
    page = one.open("/")
    page.keyboard.press("V")
    page.get_by_role("button", name="Move…").click()
    page.wait_for_url("**/together/")
    found["several"] = one.findings() + too_wide(page)
    page = one.open(pages["case claimed"])
    page.keyboard.press("e")
    page.get_by_label("Amount").fill("x")
    page.get_by_role("button", name="Approve with changes").click()
    page.wait_for_selector("[data-problems]")
    found["case with an error"] = one.findings() + too_wide(page)
    page.locator("main").click()
    page.keyboard.press("?")
    found["keys"] = one.findings()
    admin = people("admin", **options)
    admin.open("/admin/")
    found["admin index"] = admin.findings() + too_wide(admin.page)
    assert {name: rows for name, rows in found.items() if rows} == {}


def too_wide(page):
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{over} px wider than the screen"] if over > 0 else []
