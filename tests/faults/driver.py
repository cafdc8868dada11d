"""An agent and its reviewers at work, who go on whatever breaks, and say what was confirmed.

python -m tests.faults.driver BATCH --cases 30 --seed 1 prints one JSON object at the end:
the verdicts whose decision was confirmed, and how many calls failed on the way.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 (models can be imported after set-up)
from django.db import InterfaceError, OperationalError, connection  # noqa: E402
from django.test import Client  # noqa: E402

from agents.models import AgentKey  # noqa: E402
from reviews.models import Case, Proposal, Review  # noqa: E402
from reviews.services.claims import claim_next  # noqa: E402
from reviews.services.decisions import NotYours, decide_review  # noqa: E402
from reviews.services.verdicts import Answer  # noqa: E402
from tests.faults.scene import AGENT, REVIEWERS, WORKFLOW  # noqa: E402
from workflows.models import Agent  # noqa: E402

PAUSE = 0.02


class Work:
    def __init__(self, batch: str, *, cases: int, seed: int) -> None:
        self.names = [f"{batch}-{number}" for number in range(cases)]
        self.amounts = random.Random(seed)
        self.opened = threading.Event()
        self.verdicts: dict[str, str] = {}
        self.failures = 0

    def insist(self, step: Callable[[], Any]) -> Any:
        """Again and again while the database is away; a confirmed step is never repeated."""
        while True:
            try:
                return step()
            except (OperationalError, InterfaceError):
                self.failures += 1
                connection.close()
                time.sleep(0.1)

    def post_all(self) -> None:
        caller = Caller(self.insist(_new_key))
        try:
            for name in self.names:
                amount = f"{self.amounts.randrange(100, 1000)}.00"
                self.insist(partial(caller.post, name, amount))
                time.sleep(PAUSE)
        finally:
            self.opened.set()
            connection.close()

    def review_all(self, reviewer: str) -> None:
        person = self.insist(lambda: User.objects.get(username=reviewer))
        while not self.insist(self._finished):
            if not self.insist(lambda: self._review_next(person)):
                time.sleep(PAUSE)
        connection.close()

    def _review_next(self, person: User) -> bool:
        # What a cut connection left claimed is taken up again before anything new.
        review = Review.objects.claimed_by(person).first() or claim_next(reviewer=person)
        if review is None:
            return False
        shown = Proposal.objects.get(case=review.case_id, revision=review.revision)
        case = Case.objects.get(pk=review.case_id)
        verdict = "reject" if int(Decimal(case.data["amount"])) % 5 == 0 else "approve"
        try:
            decide_review(
                review,
                reviewer=person,
                answer=Answer(verdict),
                revision=shown.revision,
                digest=shown.digest,
            )
        except NotYours:
            return True
        self.verdicts[case.external_id] = verdict
        return True

    def _finished(self) -> bool:
        waiting = Case.objects.filter(external_id__in=self.names, state=Case.State.IN_REVIEW)
        return self.opened.is_set() and not waiting.exists()


def _new_key() -> str:
    _, key = AgentKey.make(Agent.objects.get(slug=AGENT), label="driver")
    return key


class Caller:
    """The agent on the wire: the same key again finds the same case, however often it asks."""

    def __init__(self, key: str) -> None:
        self._http = Client(headers={"Authorization": f"Bearer {key}", "Host": "127.0.0.1"})

    def post(self, name: str, amount: str) -> None:
        body = {
            "workflow": WORKFLOW,
            "external_id": name,
            "summary": f"Refund {amount}",
            "data": {"amount": amount},
            "value": amount,
            "currency": "GBP",
        }
        answer = self._http.post(
            "/api/v1/cases",
            data=body,
            content_type="application/json",
            headers={"Idempotency-Key": name},
        )
        if answer.status_code >= 500 or answer.status_code == 409:
            raise OperationalError(answer.status_code)
        assert answer.status_code in (200, 201), answer.content


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("batch")
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    work = Work(options.batch, cases=options.cases, seed=options.seed)
    with ThreadPoolExecutor() as threads:
        jobs = [threads.submit(work.post_all)]
        jobs += [threads.submit(work.review_all, name) for name in REVIEWERS]
    for job in jobs:
        job.result()
    json.dump({"verdicts": work.verdicts, "failures": work.failures}, sys.stdout)


if __name__ == "__main__":
    main()
