"""A person's view of the site without a browser: its real pages, their forms, and pressing them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import httpx2


@dataclass
class Button:
    name: str
    value: str


@dataclass
class Form:
    """A form with what the server filled in; `choices` are the options of each select."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    def has_button(self, name: str, value: str) -> bool:
        return Button(name, value) in self.buttons


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self._form: Form | None = None
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms[given.get("id") or f"#{len(self.forms)}"] = self._form
            return
        # A control may stand outside its form and name it.
        form = self.forms.get(given["form"]) if "form" in given else self._form
        if form is not None and "disabled" not in given:
            self._control(form, tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        kind = given.get("type", "submit" if tag == "button" else "text")
        if tag in ("button", "input") and kind == "submit":
            form.buttons.append(Button(name, value))
        elif tag == "input" and name:
            if kind not in ("checkbox", "radio") or "checked" in given:
                form.fields[name] = value or ("on" if kind == "checkbox" else "")
        elif tag == "select" and name:
            self._select, form.fields[name], form.choices[name] = name, "", []
        elif tag == "textarea" and name:
            self._textarea, form.fields[name] = name, ""
        elif tag == "option" and self._select:
            form.choices[self._select].append(value)
            if "selected" in given or len(form.choices[self._select]) == 1:
                form.fields[self._select] = value

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.fields[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            if self._form is not None:
                # HTML drops the newline that follows the opening tag.
                text = self._form.fields[self._textarea]
                self._form.fields[self._textarea] = text.removeprefix("\n")
            self._textarea = ""


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    status: int
    html: str

    @classmethod
    def of(cls, response: httpx2.Response) -> Self:
        return cls(str(response.url), response.status_code, response.text)

    def forms(self) -> Iterator[Form]:
        reader = _FormReader()
        reader.feed(self.html)
        return iter(reader.forms.values())

    def form_to(self, part_of_action: str) -> Form | None:
        target = (f for f in self.forms() if part_of_action in urljoin(self.url, f.action))
        return next(target, None)


class Visitor:
    """One person's session. Every form is sent as it was served, with the changes made to it."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=30)

    def log_in(self, name: str, password: str) -> None:
        page = self.open("/login/")
        form = next(form for form in page.forms() if "password" in form.fields)
        after = self.press(page, form, changes={"username": name, "password": password})
        if any("password" in form.fields for form in after.forms()):
            raise RuntimeError(f"{name} could not log in")

    def open(self, path: str) -> Page:
        return Page.of(self._http.get(path))

    def press(
        self,
        page: Page,
        form: Form,
        *,
        button: Button | None = None,
        changes: dict[str, str] | None = None,
    ) -> Page:
        values = form.fields | (changes or {})
        if button is not None and button.name:
            values[button.name] = button.value
        target = urljoin(page.url, form.action)
        if form.method != "post":
            return Page.of(self._http.get(target, params=values))
        return Page.of(self._http.post(target, data=values, headers={"Referer": page.url}))

    def close(self) -> None:
        self._http.close()
