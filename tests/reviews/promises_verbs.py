"""What people and agents do besides deciding, at random."""

from contextlib import suppress
from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from reviews.models import Case, Review
from reviews.services import cancelling, moves, overrides, returns, undoing
from reviews.services.claims import NotClaimable
from reviews.services.decisions import NotYours
from reviews.services.overrides import NotReversible
from reviews.services.undoing import TooLate
from reviews.services.verdicts import InvalidVerdict
from reviews.services.walk import Walk
from tests.reviews.promises import FINAL, is_unfinished
from tests.reviews.promises_moves import Moves

people = st.sampled_from(["owner", "one", "two", "three"])
which = st.integers(min_value=0, max_value=40)
amounts = st.sampled_from(["90.00", "5.00", "1000.01", "9000.00"])


class Verbs(Moves):
    def claimed(self, at):
        return self.pick(Review.objects.filter(state="CLAIMED").order_by("id"), at)

    @rule(name=people, at=which, is_holder=st.integers(0, 4))
    def ask_the_agent(self, name, at, is_holder):
        review = self.claimed(at)
        if review is None:
            return
        who = review.claimed_by if is_holder else self.person(name)
        before = self.rows()
        try:
            returns.ask_agent(review, reviewer=who, question="Which order?")
        except (NotYours, InvalidVerdict):
            assert self.rows() == before
        else:
            assert review.claimed_by == who
            self.keeps_its_promises()

    @rule(at=which, amount=amounts, how=st.sampled_from(["say", "say", "propose", "propose"]))
    def the_agent_answers(self, at, amount, how):
        waiting = Case.objects.filter(state="WAITING_FOR_AGENT")
        case = self.pick(waiting.order_by("id"), at) or self.pick(Case.objects.order_by("id"), at)
        asked = case.state == "WAITING_FOR_AGENT"
        revision = returns.Revision({"name": "refund", "args": {"order": "A1", "amount": amount}})
        with suppress(returns.NotAsked):
            if how == "say":
                returns.answer(case.pk, text="A1.")
            else:
                returns.revise(case.pk, revision=revision)
                assert asked, "a proposal was taken that nobody asked for"

    @rule(name=people, at=which)
    def go_on_without_the_agent(self, name, at):
        case = self.pick(Case.objects.filter(state="WAITING_FOR_AGENT").order_by("id"), at)
        if case is not None:
            with suppress(NotYours):
                returns.stop_waiting(case, by=self.person(name))

    @rule(at=which, is_meant=st.integers(0, 3))
    def the_agent_withdraws(self, at, is_meant):
        case = self.pick(Case.objects.order_by("id"), at)
        if is_meant:
            return
        with suppress(cancelling.AlreadyDecided):
            cancelling.cancel_case(case.pk)
            assert Case.objects.get(pk=case.pk).state == "CANCELLED"

    @rule(
        name=people,
        at=which,
        how=st.sampled_from(["escalate", "hand over", "snooze", "skip", "skip"]),
        minutes=st.sampled_from([0, 10, 60]),
    )
    def pass_it_on(self, name, at, how, minutes):
        review = self.claimed(at)
        if review is None:
            return
        who = review.claimed_by
        until = timezone.now() + timedelta(minutes=minutes)
        act = {
            "escalate": lambda: moves.escalate(review, reviewer=who, reason="Too large."),
            "hand over": lambda: moves.hand_over(review, reviewer=who, to=self.person(name)),
            "snooze": lambda: moves.snooze(review, reviewer=who, until=until),
            "skip": lambda: moves.skip(review, reviewer=who, reason="No."),
        }[how]
        with suppress(InvalidVerdict):
            act()
            assert Review.objects.get(pk=review.pk).claimed_by_id in (None, who.pk)

    @rule(name=people, at=which)
    def take_it_back(self, name, at):
        asleep = Review.objects.filter(state="OPEN", snoozed_until__isnull=False)
        if (review := self.pick(asleep.order_by("id"), at)) is not None:
            with suppress(NotClaimable):
                moves.wake(review, reviewer=self.person(name))

    @rule(name=people, at=which)
    def undo(self, name, at):
        case = self.pick(Case.objects.filter(undo_until__isnull=False).order_by("id"), at)
        if case is None:
            return
        before = Case.objects.get(pk=case.pk).version
        with suppress(TooLate, NotYours):
            undoing.undo(case, reviewer=self.person(name))
        assert Case.objects.get(pk=case.pk).version == before

    @rule(at=which, is_meant=st.integers(0, 2))
    def reverse(self, at, is_meant):
        case = self.pick(Case.objects.order_by("id"), at)
        if is_meant:
            return
        shown = overrides.planned(Walk.reading(case)).digest
        with suppress(NotReversible):
            overrides.reverse_case(case, by=self.house.admin, reason="Fraud.", shown=shown)
            assert case.state in ("DECIDED", "COMPLETED", "FAILED")

    def every_agent_answers(self):
        for case in Case.objects.filter(state="WAITING_FOR_AGENT"):
            returns.answer(case.pk, text="A1.")

    def unfinished(self):
        rows = Case.objects.exclude(state__in=FINAL).prefetch_related("visits")
        return [case for case in rows if case.state != "REVERSED" or is_unfinished(case)]
