"""What the random actions are made of, and the slate that each example starts from."""

from contextlib import suppress
from datetime import datetime
from unittest.mock import patch

import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis.stateful import RuleBasedStateMachine

from reviews.models import Case, OutcomeRun, Review
from reviews.network import Reply
from reviews.outcomes import Failed, Retry, Succeeded
from reviews.services import claims, outcomes, verdicts
from reviews.services.decisions import NotYours, StaleProposal, decide_review
from reviews.services.publishing import propose, publish
from reviews.services.verdicts import Answer, InvalidVerdict
from reviews.services.walk import Walk
from tests.building import House, draft, person
from tests.conftest import AgentClient
from tests.reviews.promises import Seen, is_stopped
from workflows.models import Queue, Route, Team

START = datetime(2026, 3, 2, 9, tzinfo=timezone.get_default_timezone())


class Died(BaseException):
    """The worker's process is gone: nothing of it goes on, not even its error handling."""


class Moves(RuleBasedStateMachine):
    def __init__(self, house: House, gates: list[dict]) -> None:
        super().__init__()
        self.house, self.gates = house, gates
        self.clean_slate = transaction.atomic()
        self.clean_slate.__enter__()
        self.now = START
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        self.agent = AgentClient(house.key)
        self.seen, self.calls, self.slow = Seen(), {}, []
        self.published = self.steps = 0
        self.has_dead_end = False

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.clean_slate.__exit__(None, None, None)

    def pick(self, rows, at):
        """One of the rows, or None: a rule with nothing to act on is over."""
        found = list(rows)
        return found[at % len(found)] if found else None

    def person(self, name):
        return getattr(self.house, name)

    def go_live(self, at, condition, gates=()):
        """Where no route leads on, somebody has to be asked."""
        house = self.house
        options = self.pick(gates or self.gates, at)
        release = draft(house.workflow, house.admin, house.queue, house.extra["large"], **options)
        first = Route.objects.filter(stage__release=release, stage__key="approval").first()
        Route.objects.filter(pk=first.pk).update(condition=condition)
        propose(release, by=house.admin)
        publish(release, by=house.admin)

    def works(self, review, name):
        return Queue.objects.workable_by(self.person(name)).filter(pk=review.queue_id).exists()

    def offered(self, review):
        return verdicts.allowed(Walk.reading(review.case), review)

    def rows(self):
        return sorted(Case.objects.values_list("id", "version")), Review.objects.count()

    def decide_as(self, review, verdict, amount, words, code, is_stale):
        changes = {"/action/args/amount": amount} if verdict == "edit" else {}
        answer = Answer(verdict, changes=changes, reason_code=code, message=words)
        before = self.rows()
        reviewer = review.claimed_by
        may = Queue.objects.workable_by(reviewer).filter(pk=review.queue_id).exists()
        late = review.state == "WITHDRAWN" and review.case.state == "EXPIRED"
        try:
            decision = self.answer(review, reviewer, answer, is_stale=is_stale)
        except (NotYours, StaleProposal, InvalidVerdict):
            assert self.rows() == before
            return
        if decision.standing == "LATE":
            assert Review.objects.get(pk=review.pk).state == "WITHDRAWN"
            return
        assert may and not late and not is_stale and review.state == "CLAIMED"
        assert verdict != "maybe" and len(words) < 10_001 and code in ("", "policy")

    def answer(self, review, reviewer, answer, *, is_stale=False):
        shown = review.case.proposals.last()
        return decide_review(
            review,
            reviewer=reviewer,
            answer=answer,
            revision=shown.revision + is_stale,
            digest=shown.digest,
            active_seconds=3.0,
        )

    def run(self, run, how):
        """One worker's try at one run, whether or not it is due."""

        before = OutcomeRun.objects.get(pk=run.pk).state

        def deliver(row):
            assert before in ("PENDING", "RETRY_WAIT"), f"{before} was sent again"
            assert not is_stopped(row), "something was sent while a stop covers it"
            if how == "die":
                raise Died
            return answer_of(how)

        with patch.object(outcomes, "_deliver", deliver), suppress(Died):
            outcomes.run(run.pk)

    def somebody_new(self, name):
        """A person of every team takes whatever can be taken and says yes to it."""
        user = person(name, *Team.objects.all())
        while review := claims.claim_next(reviewer=user):
            failed = review.case.state in ("FAILED", "REVERSED")
            self.answer(review, user, Answer("retry" if failed else "reject"))


def answer_of(how: str) -> Succeeded | Retry | Failed:
    return {
        "done": Succeeded(Reply(201, {}, "", 0.1)),
        "stumble": Retry("503"),
        "lost": Retry("No answer.", uncertain=True),
        "doubt": Retry("No answer.", after=2.0, uncertain=True),
        "refuse": Failed("409"),
        "die": Retry("Died."),
    }[how]
