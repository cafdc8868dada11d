"""Scripted reviewers: they log in over HTTP and press the forms of the real pages."""

import hashlib
import threading
import time
from collections import Counter
from decimal import Decimal
from typing import Self

from config.trial.pages import Button, Form, Page, Visitor

START_REVIEWING = "/claim-next/"
DECIDE, ANSWER, AUDIT = "/decide/", "/answer/", "/audit/"
# What an auditor would have done: valid, and hardly ever what the agent did.
OWN_ANSWER = {
    "application": "A00001",
    "order": "R-100000",
    "amount": "1.00",
    "term_months": "12",
    "rate": "9.90",
}


class Reviewer(threading.Thread):
    """Takes the next review until told to stop: approves most, changes some, rejects some."""

    def __init__(self, url: str, *, name: str, password: str) -> None:
        super().__init__(name=name, daemon=True)
        self._visitor = Visitor(url)
        self._password = password
        self._stopped = threading.Event()
        self.decided: Counter[str] = Counter()
        self.first_decided_at: float | None = None
        self.trouble: list[str] = []

    def run(self) -> None:
        try:
            self._visitor.log_in(self.name, self._password)
            while not self._stopped.is_set():
                if not self._review_next():
                    self._stopped.wait(0.3)
        except Exception as error:
            self.trouble.append(f"{self.name}: {type(error).__name__}: {error}")
        finally:
            self._visitor.close()

    def stop(self) -> Self:
        self._stopped.set()
        return self

    def _review_next(self) -> bool:
        queue = self._visitor.open("/")
        start = queue.form_to(START_REVIEWING)
        if start is None:
            raise RuntimeError(f"{queue.url} ({queue.status}) has no button to start reviewing")
        case = self._visitor.press(queue, start)
        form = case.form_to(DECIDE)
        if form is None:
            return self._audit(case)
        verdict, changes = self._choose(case, form)
        after = self._visitor.press(case, form, button=Button("verdict", verdict), changes=changes)
        if after.status >= 400:
            raise RuntimeError(f"{verdict} on {case.url} was answered {after.status}")
        self.decided[verdict] += 1
        self.first_decided_at = self.first_decided_at or time.monotonic()
        return True

    def _audit(self, case: Page) -> bool:
        """What passed unasked: answers first, then says that the agent was wrong."""
        form = case.form_to(ANSWER)
        if form is None:
            return False
        own = {name: _own(form, name) for name in [*form.fields, *form.choices]}
        shown = self._visitor.press(case, form, changes={k: v for k, v in own.items() if v})
        judged = shown.form_to(AUDIT)
        if judged is None:
            raise RuntimeError(f"the answer on {case.url} led to {shown.status}")
        after = self._visitor.press(shown, judged, button=Button("verdict", "wrong"))
        if after.status >= 400:
            raise RuntimeError(f"the audit of {case.url} was answered {after.status}")
        self.decided["audit"] += 1
        return True

    def _choose(self, case: Page, form: Form) -> tuple[str, dict[str, str]]:
        """By the page's address, so that a seeded walk takes the same share of each verdict."""
        lot = hashlib.sha256(case.url.encode()).digest()[0]
        changes = {name: _first_choice(form, name) for name in form.choices if "reason" in name}
        amount = next((name for name in form.fields if name.endswith("amount")), "")
        if lot < 32:
            return "reject", changes
        if lot < 72 and amount and form.has_button("verdict", "edit"):
            return "edit", changes | {amount: _nine_tenths(form.fields[amount])}
        return "approve", {}


def _own(form: Form, name: str) -> str:
    if name in form.choices:
        return _first_choice(form, name)
    return OWN_ANSWER.get(name.rpartition("/")[2], "")


def _first_choice(form: Form, name: str) -> str:
    return next((choice for choice in form.choices[name] if choice), "")


def _nine_tenths(amount: str) -> str:
    return f"{Decimal(amount.replace(',', '')) * Decimal('0.9'):.2f}"
