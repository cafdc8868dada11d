"""The set-up pages in Chromium: nothing for axe to find, nothing that the policy has to refuse."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.admin import site
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from reviews.models import AuditEntry, Case, OutcomeRun
from reviews.services.people import make_groups
from reviews.services.publishing import new_draft, propose
from reviews.services.replays import run_replay, start_replay
from reviews.services.stops import open_stop
from tests.building import House, build_house
from tests.conftest import AgentClient
from tests.flows.admin_pages import page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Where to leave pictures of the pages for people to look at; nowhere unless it is set.
SHOTS = os.environ.get("HANDRAIL_SHOTS", "")
REFUSALS = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@pytest.fixture
def pages(transactional_db) -> tuple[House, dict[str, str]]:
    """Every kind of page, by a short name."""
    house = build_house()
    make_groups()
    agent = AgentClient(house.key)
    agent.post()
    agent.post(confidence=0.71, summary="<b>Hello</b>")
    draft = new_draft(house.workflow, by=house.admin)
    draft.audit_rate = 0.25
    draft.save()
    run_replay(start_replay(draft, by=house.admin, days=7).pk)
    proposed = new_draft(house.workflow, by=house.admin)
    propose(proposed, by=house.admin)
    gate = draft.stages.get(key="approval").gate
    stop = open_stop(by=house.admin, reason="Wrong prices since noon.", agent=house.agent)
    action = draft.stages.get(kind="ACTION")
    return house, _every_model() | {
        "index": "/admin/",
        "workflows": "/admin/workflows/workflow/",
        "gallery": "/admin/workflows/workflow/gallery/",
        "take over": "/admin/workflows/workflow/gallery/invoice-approval/",
        "replay": f"/admin/workflows/release/{draft.pk}/replay/",
        "compare": f"/admin/workflows/release/{draft.pk}/compare/",
        "workflow": page_of(house.workflow),
        "live release": page_of(house.release),
        "draft": page_of(draft),
        "propose": f"/admin/workflows/release/{draft.pk}/step/propose/",
        "threshold": f"/admin/workflows/workflow/{house.workflow.pk}/threshold/",
        "try": f"/admin/workflows/release/{draft.pk}/try/",
        "publish": f"/admin/workflows/release/{proposed.pk}/step/publish/",
        "gate stage": page_of(gate.stage),
        "action stage": page_of(action),
        "gate": page_of(gate),
        "gate history": f"/admin/workflows/gate/{gate.pk}/history/",
        "agent": page_of(house.agent),
        "new key": f"/admin/workflows/agent/{house.agent.pk}/new-key/",
        "endpoint": "/admin/workflows/webhookendpoint/add/",
        "stops": "/admin/workflows/stop/",
        "stop": page_of(stop),
        "pull": "/admin/workflows/stop/pull/",
        "queue": page_of(house.queue),
        "team": page_of(house.extra["team"]),
        "secret": "/admin/workflows/secret/add/",
        "user": page_of(house.one),
        "group": page_of(make_groups()[0]),
        "cases": "/admin/reviews/case/",
        "case": page_of(Case.objects.last()),
        "run": page_of(OutcomeRun.objects.first()),
        "entries": "/admin/reviews/auditentry/",
        "entry": page_of(AuditEntry.objects.filter(position=2).first()),
    }


def _every_model() -> dict[str, str]:
    """The list and one row of every model that has pages: none is forgotten."""
    found = {}
    for model in site._registry:
        name = model._meta.model_name
        base = f"admin:{model._meta.app_label}_{name}"
        found[f"{name} list"] = reverse(f"{base}_changelist")
        if (row := model._default_manager.first()) is not None:
            found[f"{name} row"] = reverse(f"{base}_change", args=[row.pk])
    return found


@pytest.fixture
def page(pages, live_server, monkeypatch) -> Iterator[Page]:
    if CHROMIUM is None:
        if os.environ.get("HANDRAIL_REQUIRE_BROWSER") == "1":
            pytest.fail("There is no Chromium on this machine.")
        pytest.skip("NO BROWSER: there is no Chromium on this machine, nothing was looked at.")
    # Playwright keeps a loop in this thread; the database is used between its calls.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=live_server.url)
        page.add_init_script(REFUSALS)
        page.goto("/admin/login/")
        page.fill("#id_username", "admin")
        page.fill("#id_password", "handrail")
        page.click("[type=submit]")
        yield page
        browser.close()


def faults_of(page: Page) -> list[str]:
    found = [f"policy: {refused}" for refused in page.evaluate("window.refused")]
    for violation in Axe().run(page).response["violations"]:
        targets = [node["target"][0] for node in violation["nodes"]]
        found.append(f"axe {violation['id']}: {targets[:3]}")
    return found


def keep_picture(page: Page, name: str) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name.replace(' ', '-')}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (1440, "dark"), (360, "light")], ids=str
)
def test_no_page_breaks_the_policy_or_a_rule_of_accessibility(page, pages, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    found = []
    for name, address in pages[1].items():
        assert page.goto(address).status == 200, name
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        found += [f"{name}: {over} px wider than the screen"] if over > 0 else []
        keep_picture(page, f"{name}-{width}-{scheme}")
        found += [f"{name}: {fault}" for fault in faults_of(page)]
    assert not found, "\n".join(found)


def test_a_gate_asks_only_for_what_the_kind_of_its_trigger_reads(page, pages):
    page.goto(pages[1]["gate"])
    first = page.locator("#triggers-0")
    assert first.locator("[name$=-threshold]").is_visible()
    assert not first.locator("[name$=-rate]").is_visible()
    first.locator("[name$=-kind]").select_option("SAMPLE")
    assert first.locator("[name$=-rate]").is_visible()
    assert not first.locator("[name$=-threshold]").is_visible()
    page.get_by_text("Add another Trigger").click()
    added = page.locator("#triggers-2")
    added.locator("[name$=-kind]").select_option("EXPRESSION")
    assert added.locator("[name$=-expression]").is_visible()
    assert page.evaluate("window.refused") == []


def test_a_person_is_found_by_typing_under_the_strict_policy(page, pages):
    page.goto(pages[1]["team"])
    page.get_by_text("Add another Membership").click()
    page.locator(".select2-selection").last.click()
    page.keyboard.type("reviewer.th")
    page.get_by_role("option", name="reviewer.three").click()
    assert page.locator(".select2-selection").last.inner_text().strip() == "reviewer.three"
    assert faults_of(page) == []
