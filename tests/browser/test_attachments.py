"""Files of strangers in a real browser: seen, opened and read, and nothing of them runs."""

import pytest
from playwright.sync_api import expect

from reviews.models import Attachment
from tests.attaching import SCRIPT, attach, image, pdf
from tests.deciding import case_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = b"<!doctype html><html><body onload=alert(2)>" + SCRIPT + b"</body></html>"


def test_files_are_seen_and_added_and_run_nothing(people, desk, desk_agent):
    case = case_of(desk_agent.post(confidence=0.5))
    path = f"/cases/{case.public_id}/"
    files = {
        "both.html": image(size=(1200, 800)) + PAGE,
        "page.svg": image("GIF") + PAGE,
        "paper.htm": pdf() + PAGE + b"%%EOF",
        "<img src=x onerror=alert(3)>.csv": b"a,b\n<script>alert(4)</script>,=1+1\n",
    }
    for name, content in files.items():
        sent = attach(desk_agent, case, content, name=name, key=name[:4], kind="text/html")
        assert sent.status_code == 201
    one = people("reviewer.one")
    page = one.open(path)
    expect(page.locator(".files .picture")).to_have_count(2)
    page.get_by_label("Files").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": image()}
    )
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("#conversation")).to_contain_text("mine.png")
    for number, width in enumerate((1200, 40, 40)):
        expect(page.locator(".files img").nth(number)).to_have_js_property("naturalWidth", width)
    assert one.findings() == []
    # The browser's own viewer of PDF fetches parts of itself: in a page that nobody watches.
    opened = page.context.new_page()
    opened.on("dialog", lambda dialog: one.troubles.append(f"dialog {dialog.message}"))
    for file in Attachment.objects.exclude(kind="CSV"):
        opened.goto(f"{one.url}{path}files/{file.pk}/")
        opened.wait_for_timeout(200)
        shown = opened.evaluate("document.contentType")
        assert shown in ("image/png", "image/gif", "application/pdf")
    page.goto(f"{one.url}{path}files/{Attachment.objects.get(kind='CSV').pk}/read/")
    expect(page.locator("tbody td").first).to_have_text("<script>alert(4)</script>")
    assert one.findings() == []
