"""A reviewer at the keyboard: from the verdict's key to the next case on the screen, and to the
moment when its own keys work. In Chromium, against the site as its image serves it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles

from playwright.sync_api import Page, sync_playwright

from config.trial.place import ROOT
from reviews.models import Case
from tests.benchmarks.filling import copies_of
from tests.benchmarks.grounds import served_site
from tests.benchmarks.results import Row, absolute
from tests.benchmarks.scene import Agent, house_with_receiver, session_of

AS_BUILT = {"HANDRAIL_TESTING": "0"}
WAITING = 400
DECIDED = 30
# Long enough for what comes next to be fetched ahead, as while anybody reads.
READING_MS = 1_800
# The clock of the machine, in milliseconds, when a key went down, when the next heading was
# drawn, and when the next page was ready; kept from page to page.
WATCH = """
const now = () => performance.timeOrigin + performance.now();
const heard = (what) => {
  const all = JSON.parse(sessionStorage.getItem("heard") ?? "[]");
  all.push([what, now()]);
  sessionStorage.setItem("heard", JSON.stringify(all));
};
const drawn = () => requestAnimationFrame(() => setTimeout(() => heard("drawn"), 0));
addEventListener("keydown", (event) => { if (event.key === "a") heard("pressed"); }, true);
addEventListener("DOMContentLoaded", () => {
  drawn();
  new MutationObserver(drawn).observe(document.getElementById("content"), { childList: true });
});
addEventListener("load", () => heard("ready"));
"""

BOTH_HEARD = "['drawn', 'ready'].every((what) => sessionStorage.getItem('heard').includes(what))"


def measure() -> list[Row]:
    _collect_static()
    with (
        house_with_receiver() as (house, _receiver),
        served_site(environment=AS_BUILT) as address,
    ):
        first = Agent(house).open(confidence=0.5)
        case = Case.objects.get(pk=first.removeprefix("case_"))
        copies_of(case, count=WAITING, url=os.environ["DATABASE_URL"])
        with _browser(address, session_of(house.one)) as page:
            page.keyboard.press("n")
            page.wait_for_url("**/cases/**")
            page.get_by_label("then the next").check()
            page.locator("main").click(position={"x": 2, "y": 2})
            _decide(page, 3, reading=READING_MS)
            read = _decide(page, DECIDED, reading=READING_MS)
            rushed = _decide(page, DECIDED, reading=0)
    return [*_rows("read first", read), *_rows("pressed at once", rushed)]


def _collect_static() -> None:
    """Hashed and compressed, as in the image; stories do without."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | AS_BUILT, check=True)


@contextmanager
def _browser(address: str, session: str) -> Iterator[Page]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if found is None:
        raise SystemExit("There is no Chromium on the PATH.")
    # Playwright's loop runs in this thread, and Django would take every query for a blocked one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(address)
        yield page
        browser.close()


def _decide(page: Page, count: int, *, reading: int) -> list[tuple[float, float]]:
    """Milliseconds from the key to the next case drawn, and to its page ready, of each."""
    found = []
    for _ in range(count):
        page.wait_for_timeout(reading)
        page.evaluate("sessionStorage.setItem('heard', '[]')")
        before = page.url
        page.keyboard.press("a")
        page.wait_for_url(lambda url, before=before: url != before)
        page.wait_for_function(BOTH_HEARD)
        heard = page.evaluate("JSON.parse(sessionStorage.getItem('heard'))")
        at = dict(reversed(heard))
        found.append((at["drawn"] - at["pressed"], at["ready"] - at["pressed"]))
    return found


def _rows(how: str, measured: list[tuple[float, float]]) -> list[Row]:
    drawn, ready = ([pair[place] for pair in measured] for place in (0, 1))
    note = f"{len(measured)} approvals in Chromium; the p95 of its page ready {_p95(ready):,.0f} ms"
    return [
        absolute(f"verdict key to next case, {how}, p50", median(drawn), unit="ms", note=note),
        absolute(f"verdict key to next case, {how}, p95", _p95(drawn), unit="ms"),
        absolute(f"verdict key to keys of the next, {how}, p50", median(ready), unit="ms"),
        absolute(f"verdicts a minute, {how}", 60_000 / median(ready), unit="/min"),
    ]


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]
