"""Random actions of agents, people, workers, stops and the clock, through the services alone."""

from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agents.services import reinstate_agent, suspend_agent
from reviews.models import Case, OutcomeRun, Review
from reviews.models.case import case_id
from reviews.network import Reply
from reviews.outcomes import Failed, Retry, Succeeded
from reviews.services import claims, outcomes, timeouts, verdicts
from reviews.services.decisions import NotYours, StaleProposal, decide_review
from reviews.services.publishing import propose, publish
from reviews.services.stops import close_stop, open_stop
from reviews.services.verdicts import Answer, InvalidVerdict
from reviews.services.walk import Walk
from tests.building import House, draft, person, proposal
from tests.conftest import AgentClient
from tests.reviews.promises import FINAL, Seen, broken_promises, is_stopped
from workflows.models import Agent, Membership, Queue, Route, Stop, Team

MOST_CASES, MOST_RELEASES, MOST_ROUNDS = 6, 2, 40
START = timezone.datetime(2026, 3, 2, 9, tzinfo=timezone.get_default_timezone())

amounts = st.sampled_from(["5.00", "90.00", "999.99", "1000.01", "4999.00", "9000.00", "-40.00"])
confidences = st.sampled_from([None, 0.0, 0.5, 0.79, 0.8, 0.95, 1.0])
people = st.sampled_from(["owner", "one", "two", "three"])
any_verdict = st.sampled_from(
    ["approve", "approve", "edit", "edit", "reject", "respond", "retry", "give_up", "maybe"]
)
answers = st.sampled_from(["done", "done", "stumble", "refuse", "lost", "doubt", "die"])
which = st.integers(min_value=0, max_value=40)


class Died(BaseException):
    """The worker's process is gone: nothing of it goes on, not even its error handling."""


class Promises(RuleBasedStateMachine):
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
        self.published = 0

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.clean_slate.__exit__(None, None, None)

    # Agents

    @rule(
        amount=amounts,
        confidence=confidences,
        call=st.integers(0, 12),
        minutes=st.sampled_from([None, None, 1, 30]),
        changes=st.sampled_from(
            [{}, {}, {"cannot_proceed": True}, {"allowed_decisions": ["respond"]}, {"currency": ""}]
        ),
        is_heard=st.booleans(),
    )
    def post(self, amount, confidence, call, minutes, changes, is_heard):
        body = proposal(amount=amount, confidence=confidence, **changes)
        body = {name: value for name, value in body.items() if value not in (None, "")}
        if minutes:
            body["expires_at"] = (timezone.now() + timedelta(minutes=minutes)).isoformat()
        if is_heard:
            body["callback"] = {"url": "https://agent.example/resume", "format": "raw"}
        before, known = Case.objects.count(), self.calls.get(call)
        if known is None and before >= MOST_CASES:
            return
        response = self.agent.post(body, key=f"call-{call}")
        made = Case.objects.count() - before
        if Agent.objects.get(pk=self.house.agent.pk).state == "SUSPENDED":
            assert (response.status_code, made) == (401, 0)
        elif known is None:
            assert (response.status_code, made) == (201, 1), response.content
            self.calls[call] = (amount, case_id(response.json()["id"]))
        elif known[0] == amount:
            assert (response.status_code, made) == (200, 0)
            assert case_id(response.json()["id"]) == known[1]
        else:
            assert (response.status_code, made) == (422, 0)

    @rule()
    def suspend_or_reinstate(self):
        agent = Agent.objects.get(pk=self.house.agent.pk)
        change = suspend_agent if agent.state == "ACTIVE" else reinstate_agent
        change(agent, by=self.house.admin, reason="We look into it.")

    # People

    @rule(name=people)
    def claim_next(self, name):
        review = claims.claim_next(reviewer=self.person(name))
        assert review is None or self.works(review, name)

    @rule(name=people, at=which)
    def claim_one(self, name, at):
        review = self.pick(Review.objects.order_by("id"), at)
        if review is None:
            return
        try:
            got = claims.claim_review(review, reviewer=self.person(name))
        except claims.NotClaimable as error:
            assert str(error)
        else:
            assert got.claimed_by_id == self.person(name).pk

    @rule(name=people, at=which, gives_back=st.booleans())
    def renew_or_release(self, name, at, gives_back):
        review = self.pick(Review.objects.filter(state="CLAIMED").order_by("id"), at)
        if review is None:
            return
        mine = review.claimed_by_id == self.person(name).pk
        if not gives_back:
            assert not claims.renew(review, reviewer=self.person(name)) or mine
            return
        try:
            claims.release_review(review, reviewer=self.person(name))
        except claims.NotClaimable:
            assert not mine
        else:
            assert mine

    @rule(
        at=which,
        verdict=any_verdict,
        amount=amounts,
        words=st.sampled_from(["", "Seen.", "x" * 10_001]),
        code=st.sampled_from(["", "", "policy", "none of them"]),
        is_stale=st.integers(0, 5).map(lambda number: number == 0),
    )
    def decide(self, at, verdict, amount, words, code, is_stale):
        review = self.pick(Review.objects.filter(claimed_by__isnull=False).order_by("id"), at)
        if review is not None:
            self.decide_as(review, verdict, amount, words, code, is_stale)

    @rule(name=people, at=which, amount=amounts)
    def say_something_sensible(self, name, at, amount):
        review = claims.claim_next(reviewer=self.person(name))
        if review is not None:
            verdict = self.pick(self.offered(review), at)
            self.decide_as(review, verdict, amount, "Seen.", "", False)

    @rule(name=people, at=which, verdict=any_verdict)
    def decide_what_is_not_ones_own(self, name, at, verdict):
        review = self.pick(Review.objects.order_by("id"), at)
        if review is None:
            return
        if review is None or review.claimed_by_id == self.person(name).pk:
            return
        before = self.rows()
        try:
            self.answer(review, self.person(name), Answer(verdict, message="Mine."))
        except NotYours:
            assert self.rows() == before
        else:
            raise AssertionError("somebody decided a review that was not theirs")

    @rule(name=people, slug=st.sampled_from(["refund-desk", "seniors"]))
    def join_or_leave(self, name, slug):
        team, user = Team.objects.get(slug=slug), self.person(name)
        if not Membership.objects.filter(team=team, user=user).delete()[0]:
            Membership.objects.create(team=team, user=user)

    # The clock

    @rule(minutes=st.sampled_from([1, 6, 16, 31, 300]), ticks=st.booleans())
    def time_passes(self, minutes, ticks):
        self.now += timedelta(minutes=minutes)
        self.traveller.move_to(self.now)
        if ticks:
            claims.expire_leases()
            timeouts.expire_cases()

    # Workers

    @rule(at=which, how=answers)
    def work(self, at, how):
        run = self.pick(OutcomeRun.objects.order_by("-state", "id"), at)
        if run is not None:
            self.run(run, how)

    @rule()
    def sweep(self):
        with patch("reviews.enqueue.send"):
            outcomes.sweep()

    @rule(at=which)
    def begin_and_answer_later(self, at):
        """A worker that is slow: its lease may run out and somebody else begin meanwhile."""
        run = self.pick(OutcomeRun.objects.due().order_by("id"), at)
        if run is None:
            return
        self.run(run, "die")
        self.slow.append((run.pk, OutcomeRun.objects.get(pk=run.pk).attempts))

    @precondition(lambda self: self.slow)
    @rule(how=st.sampled_from(["done", "stumble", "refuse", "doubt"]))
    def answer_late(self, how):
        pk, attempt = self.slow.pop()
        before = OutcomeRun.objects.get(pk=pk)
        outcomes.settle(pk, attempt=attempt, outcome=answer_of(how))
        if (before.state, before.attempts) != ("RUNNING", attempt):
            assert OutcomeRun.objects.get(pk=pk).state == before.state

    # Those who answer for it all

    @rule(cause=st.sampled_from(["HAND", "HAND", "BREAKER"]), scope=st.integers(0, 3))
    def stop(self, cause, scope):
        house = self.house
        scopes = {"agent": house.agent} if scope & 1 else {}
        scopes |= {"workflow": house.workflow} if scope & 2 else {}
        try:
            open_stop(by=house.admin, reason="Enough.", cause=cause, **scopes)
        except ValidationError as error:
            assert "open already" in str(error)

    @rule(at=which)
    def go_on(self, at):
        stop = self.pick(Stop.objects.open().order_by("id"), at)
        if stop is None:
            return
        close_stop(stop, by=self.house.admin, reason="Mended.")

    @precondition(lambda self: self.published < MOST_RELEASES)
    @rule(at=which, condition=st.sampled_from(["", "double(action.args.amount) < 1000.0"]))
    def publish(self, at, condition):
        house = self.house
        options = self.gates[at % len(self.gates)]
        release = draft(house.workflow, house.admin, house.queue, house.extra["large"], **options)
        # Where no route leads on, somebody has to be asked.
        first = Route.objects.filter(stage__release=release, stage__key="approval").first()
        Route.objects.filter(pk=first.pk).update(condition=condition)
        propose(release, by=house.admin)
        publish(release, by=house.admin)
        self.published += 1

    @rule()
    def everybody_does_their_work(self):
        """Nothing was lost: with people and time enough, every case comes to its end."""
        for stop in Stop.objects.open():
            close_stop(stop, by=self.house.admin, reason="Mended.")
        for round in range(MOST_ROUNDS):
            if not Case.objects.exclude(state__in=FINAL).exists():
                return
            self.time_passes(16, True)
            self.sweep()
            for run in OutcomeRun.objects.due().order_by("id"):
                self.run(run, "done")
            self.somebody_new(f"new.{Case.objects.count()}.{self.now:%s}.{round}")
            self.keeps_its_promises()
        raise AssertionError(f"{list(Case.objects.exclude(state__in=FINAL))} never end")

    @invariant()
    def keeps_its_promises(self):
        assert broken_promises(self.seen) == []

    # What the rules are made of

    def pick(self, rows, at):
        """One of the rows, or None: a rule with nothing to act on is over."""
        found = list(rows)
        return found[at % len(found)] if found else None

    def person(self, name):
        return getattr(self.house, name)

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

        def deliver(row, timeout):
            assert row.state in ("PENDING", "RETRY_WAIT"), f"{row.state} was sent again"
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
            failed = review.case.state == "FAILED"
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
