"""Random actions of agents, people, workers, stops and the clock, through the services alone."""

from datetime import timedelta
from unittest.mock import patch

from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from agents.services import reinstate_agent, suspend_agent
from reviews.models import Case, OutcomeRun, Review
from reviews.models.case import case_id
from reviews.services import claims, outcomes, timeouts, undoing
from reviews.services.decisions import NotYours
from reviews.services.stops import close_stop, open_stop
from reviews.services.verdicts import Answer
from tests.building import person, proposal
from tests.reviews.promises import broken_promises
from tests.reviews.promises_moves import answer_of
from tests.reviews.promises_verbs import Verbs
from workflows.models import Agent, Membership, Stop, Team

MOST_CASES, MOST_RELEASES, MOST_ROUNDS = 8, 2, 40
# After so many steps everybody may come and finish what there is.
AN_EVENING = 20

amounts = st.sampled_from(["90.00", "5.00", "999.99", "1000.01", "4999.00", "9000.00", "-40.00"])
confidences = st.sampled_from([0.95, 0.5, 0.8, None, 0.79, 1.0, 0.0])
people = st.sampled_from(["owner", "one", "two", "three"])
any_verdict = st.sampled_from(
    ["approve", "approve", "edit", "edit", "reject", "respond", "retry", "give_up", "maybe"]
)
answers = st.sampled_from(["done", "done", "stumble", "refuse", "lost", "doubt", "die"])
which = st.integers(min_value=0, max_value=40)


class Promises(Verbs):
    @initialize(cases=st.lists(st.tuples(amounts, confidences), min_size=3, max_size=5))
    def a_day_begins(self, cases):
        for number, (amount, confidence) in enumerate(cases):
            body = proposal(amount=amount, confidence=confidence)
            assert self.agent.post(body, key=f"first-{number}").status_code == 201

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

    @rule(those=st.lists(st.tuples(people, which, amounts), min_size=1, max_size=4))
    def say_something_sensible(self, those):
        for name, at, amount in those:
            review = claims.claim_next(reviewer=self.person(name))
            if review is not None:
                verdict = self.pick(self.offered(review), at)
                self.decide_as(review, verdict, amount, "Seen.", "", False)
                self.keeps_its_promises()

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
            undoing.end_windows()

    # Workers

    @rule(tries=st.lists(st.tuples(which, answers), min_size=1, max_size=4))
    def work(self, tries):
        """At any run, also one that is over or not due; mostly at an action that waits."""
        runs = OutcomeRun.objects.order_by("id")
        waiting = runs.filter(rule__isnull=False, state__in=["PENDING", "RETRY_WAIT"])
        for at, how in tries:
            run = (at % 4 != 3 and self.pick(waiting, at)) or self.pick(runs, at)
            if run is not None:
                self.run(run, how)
                self.keeps_its_promises()

    @rule(at=which, how=st.sampled_from(["refuse", "doubt", "stumble"]))
    def an_action_goes_wrong(self, at, how):
        due = OutcomeRun.objects.due().filter(rule__isnull=False)
        if (run := self.pick(due.order_by("id"), at)) is not None:
            self.run(run, how)

    @rule()
    def sweep(self):
        with patch("reviews.enqueue.send"):
            undoing.end_windows()
            outcomes.sweep()

    @rule(at=which)
    def begin_and_answer_later(self, at):
        """A worker that is slow: its lease may run out and somebody else begin meanwhile."""
        run = self.pick(OutcomeRun.objects.due().order_by("id"), at)
        if run is None:
            return
        self.run(run, "die")
        self.slow.append((run.pk, OutcomeRun.objects.get(pk=run.pk).attempts))

    @rule(at=which, how=st.sampled_from(["done", "stumble", "refuse", "doubt"]))
    def a_slow_worker_is_overtaken(self, at, how):
        """Its answer comes while somebody else has the run, and is not theirs."""
        due = OutcomeRun.objects.due().filter(rule__isnull=False)
        run = self.pick(due.order_by("id"), at)
        if run is None:
            return
        self.run(run, "die")
        slow = OutcomeRun.objects.get(pk=run.pk).attempts
        self.time_passes(6, True)
        self.sweep()
        again = OutcomeRun.objects.get(pk=run.pk)
        if again.state != "RETRY_WAIT":
            return
        self.time_passes(16, True)
        self.run(again, "die")
        outcomes.settle(run, attempt=slow, outcome=answer_of(how))
        now = OutcomeRun.objects.get(pk=run.pk)
        assert (now.state, now.attempts) == ("RUNNING", slow + 1)

    @precondition(lambda self: self.slow)
    @rule(how=st.sampled_from(["done", "stumble", "refuse", "doubt"]))
    def answer_late(self, how):
        pk, attempt = self.slow.pop()
        before = OutcomeRun.objects.get(pk=pk)
        outcomes.settle(before, attempt=attempt, outcome=answer_of(how))
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
        self.go_live(at, condition)
        self.published += 1

    @precondition(lambda self: not self.has_dead_end)
    @rule(at=which, verdict=st.sampled_from(["approve", "edit"]))
    def come_to_where_no_route_leads_on(self, at, verdict):
        """A person who is asked alone counts as one, also where the gate asks for more."""
        if Agent.objects.get(pk=self.house.agent.pk).state == "SUSPENDED":
            return
        self.has_dead_end = True
        several = [gate for gate in self.gates if gate.get("seats", 1) > 1]
        self.go_live(at, "double(action.args.amount) < 500.0", gates=several)
        body = proposal(amount="999.99", confidence=0.95)
        case = Case.objects.get(pk=case_id(self.agent.post(body, key="dead-end").json()["id"]))
        review = case.reviews.order_by("id").first()
        somebody = person(f"alone.{self.now:%s}", *Team.objects.all())
        review = claims.claim_review(review, reviewer=somebody)
        self.decide_as(review, verdict, "600.00", "Seen.", "", False)

    @precondition(lambda self: self.steps > AN_EVENING)
    @rule()
    def everybody_does_their_work(self):
        """Nothing was lost: with people and time enough, every case comes to its end."""
        for stop in Stop.objects.open():
            close_stop(stop, by=self.house.admin, reason="Mended.")
        for round in range(MOST_ROUNDS):
            if not self.unfinished():
                return
            self.time_passes(16, True)
            self.sweep()
            for run in OutcomeRun.objects.due().order_by("id"):
                self.run(run, "done")
            self.every_agent_answers()
            self.somebody_new(f"new.{Case.objects.count()}.{self.now:%s}.{round}")
            self.keeps_its_promises()
        raise AssertionError(f"{self.unfinished()} never end")

    @invariant()
    def keeps_its_promises(self):
        self.steps += 1
        assert broken_promises(self.seen) == []
