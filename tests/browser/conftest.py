"""A real browser against the real pages, with the policy of production switched on."""

import os
import shutil
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from agents.demo.ledger import Ledger
from tests import building
from tests.building import House, build_house
from tests.conftest import AgentClient

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("HANDRAIL_REQUIRE_BROWSER") == "1":
            pytest.fail("HANDRAIL_REQUIRE_BROWSER is set and there is no Chromium on the PATH.")
        warnings.warn("NO CHROMIUM: the pages are not tested in a browser.", stacklevel=1)
        pytest.skip("no Chromium on the PATH: the pages are not tested in a browser")
    # Playwright's loop runs in this thread, and Django would take every query for a blocked one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Person:
    """Somebody at a browser, and whatever their pages did that no page may do."""

    page: Page
    url: str
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def log_in(self, name: str) -> Page:
        page = self.open("/login/")
        page.fill("#id_username", name)
        page.fill("#id_password", "handrail")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.url}/")
        return page

    def findings(self) -> list[str]:
        """What axe finds and what the policy refused, in words."""
        violations = Axe().run(self.page).response["violations"]
        found = [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in violations]
        return [*found, *self.page.evaluate("window.refused"), *self.troubles]


@pytest.fixture
def people(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Person]]:
    """`people("reviewer.one")`: that person, logged in, in a browser of their own."""
    contexts: list[BrowserContext] = []

    def come(name: str = "", **options: Any) -> Person:
        context = chromium.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
        context.set_default_timeout(10_000)
        contexts.append(context)
        person = Person(_watched(context, live_server.url), live_server.url)
        person.page.on("dialog", lambda dialog: person.troubles.append(f"dialog {dialog.message}"))
        person.page.on("pageerror", lambda error: person.troubles.append(f"error {error}"))
        person.page.on("request", lambda request: _note_foreign(request, person))
        if name:
            person.log_in(name)
        return person

    yield come
    for context in contexts:
        context.close()


def _watched(context: BrowserContext, url: str) -> Page:
    context.add_init_script(WATCH)
    return context.new_page()


def _note_foreign(request: Any, person: Person) -> None:
    if not request.url.startswith(person.url):
        person.troubles.append(f"request to {request.url}")


@pytest.fixture
def ledger(tmp_path: Path, settings: Any, monkeypatch: Any) -> Iterator[Ledger]:
    """Where approved refunds are booked; the only address that outcomes may reach."""
    ledger = Ledger(port=0, file=tmp_path / "ledger.jsonl")
    threading.Thread(target=ledger.serve_forever, args=(0.01,), daemon=True).start()
    address = f"127.0.0.1:{ledger.server_port}"
    settings.OUTBOUND_ALLOW = [address]
    monkeypatch.setitem(building.TEMPLATE, "url", f"http://{address}/refunds")
    yield ledger
    ledger.shutdown()
    ledger.server_close()


@pytest.fixture
def desk(transactional_db: None, ledger: Ledger) -> House:
    return build_house(reason_required_on=["reject"])


@pytest.fixture
def desk_agent(desk: House) -> AgentClient:
    return AgentClient(desk.key)
