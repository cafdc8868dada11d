"""From the commit of a decision to its request leaving the house, by a Celery worker."""

import time

from django.db import transaction

from reviews.services.claims import claim_next
from reviews.services.decisions import decide_review
from reviews.services.verdicts import Answer
from tests.benchmarks.results import Goal, Row, compared, in_turns
from tests.benchmarks.scene import Agent, Receiver, house_with_receiver
from tests.benchmarks.workers import both_workers, noop_round_trip, p50
from tests.building import House


class Decider:
    confidence = 0.5

    def __init__(self, house: House, receiver: Receiver) -> None:
        self.house, self.receiver = house, receiver
        self.agent = Agent(house)
        self.committed_at = 0.0

    def milliseconds(self) -> float:
        case = self.open()
        review = claim_next(reviewer=self.house.one)
        assert review is not None
        proposed = review.case.proposals.get()
        with transaction.atomic():
            # Registered first, so it runs before the nudge.
            transaction.on_commit(self._committed)
            decide_review(
                review,
                reviewer=self.house.one,
                answer=Answer("approve"),
                revision=proposed.revision,
                digest=proposed.digest,
            )
        return (self.receiver.wait_for(case) - self.committed_at) * 1000

    def open(self) -> str:
        return self.agent.open(confidence=self.confidence)

    def _committed(self) -> None:
        self.committed_at = time.monotonic()


def measure() -> list[Row]:
    with house_with_receiver() as (house, receiver), both_workers():
        decider = Decider(house, receiver)
        p50(decider.milliseconds)()
        pairs = in_turns(p50(decider.milliseconds), p50(noop_round_trip))
    goal = Goal("at most", must=3, aim=1.5)
    return [compared("decision to request, p50", pairs, unit="ms", goal=goal)]
