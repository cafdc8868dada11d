"""The shape of the verbs beside a verdict: what each asks for, and nothing more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from reviews.history import name_of
from reviews.models import Case, Review
from reviews.services import moves, returns
from reviews.services.moves import LONGEST_REASON
from reviews.services.verdicts import LONGEST_MESSAGE
from workflows.models import Queue
from workflows.schemas import Problem

MORNING = time(9)


class Move(forms.Form):
    """One verb. `act` calls its service; the fields have the names of its problems."""

    def __init__(self, data: Any = None, *, review: Review) -> None:
        super().__init__(data, prefix=self.prefix)
        self.review = review

    def explain(self, problems: Sequence[Problem]) -> None:
        for problem in problems:
            name = problem.pointer.removeprefix("/")
            self.add_error(name if name in self.fields else None, problem.detail)

    def act(self, reviewer: AbstractBaseUser) -> object:
        raise NotImplementedError


def _reason(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=LONGEST_REASON)


class Ask(Move):
    prefix = "ask"
    message = forms.CharField(
        label=_("What do you want to know?"),
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def act(self, reviewer: AbstractBaseUser) -> object:
        question = self.cleaned_data["message"]
        return returns.ask_agent(self.review, reviewer=reviewer, question=question)


class PeopleField(forms.ModelChoiceField):
    def label_from_instance(self, user: Any) -> str:
        return name_of(user)


class Escalate(Move):
    prefix = "escalate"
    reason = _reason(_("Why?"))
    queue = forms.ModelChoiceField(Queue.objects.none(), label=_("To"), required=False)

    def __init__(self, data: Any = None, *, review: Review) -> None:
        super().__init__(data, review=review)
        field = self.fields["queue"]
        field.queryset = Queue.objects.exclude(pk=review.queue_id)
        up = review.queue.escalation_queue
        field.empty_label = up.name if up else _("the queue for exceptions")

    def act(self, reviewer: AbstractBaseUser) -> object:
        given = self.cleaned_data
        return moves.escalate(
            self.review, reviewer=reviewer, reason=given["reason"], queue=given["queue"]
        )


class HandOver(Move):
    prefix = "hand-over"
    to = PeopleField(None, label=_("To"), empty_label=_("choose a colleague"))
    reason = _reason(_("What should they know?"), required=False)

    def __init__(self, data: Any = None, *, review: Review) -> None:
        super().__init__(data, review=review)
        people = moves.who_may_take(review).order_by("first_name", "last_name", "username")
        self.fields["to"].queryset = people

    def act(self, reviewer: AbstractBaseUser) -> object:
        given = self.cleaned_data
        return moves.hand_over(
            self.review, reviewer=reviewer, to=given["to"], reason=given["reason"]
        )


class Snooze(Move):
    prefix = "snooze"
    until = forms.ChoiceField(label=_("Until"))
    other = forms.DateTimeField(
        label=_("or another time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, data: Any = None, *, review: Review) -> None:
        super().__init__(data, review=review)
        self.fields["until"].choices = [
            (minutes, f"{words}: {date_format(timezone.localtime(at), 'l, j M, H:i')}")
            for minutes, words, at in sensible_times(timezone.localtime())
        ]

    def clean(self) -> dict[str, Any]:
        """A choice means the moment that it meant when the page was drawn, to the hour."""
        cleaned = super().clean()
        times = {name: at for name, _words, at in sensible_times(timezone.localtime())}
        cleaned["at"] = cleaned.get("other") or times.get(cleaned.get("until", ""))
        return cleaned

    def explain(self, problems: Sequence[Problem]) -> None:
        field = "other" if self.cleaned_data.get("other") else "until"
        for problem in problems:
            self.add_error(field, problem.detail)

    def act(self, reviewer: AbstractBaseUser) -> object:
        return moves.snooze(self.review, reviewer=reviewer, until=self.cleaned_data["at"])


class Skip(Move):
    prefix = "skip"
    reason = _reason(_("Why is it not for you?"))

    def act(self, reviewer: AbstractBaseUser) -> object:
        return moves.skip(self.review, reviewer=reviewer, reason=self.cleaned_data["reason"])


def sensible_times(now: datetime) -> list[tuple[str, Any, datetime]]:
    """In the time zone of `now`: (name, words, moment)."""
    tomorrow = _morning(now, 1)
    monday = _morning(now, 7 - now.weekday())
    found = [
        ("hour", _("In an hour"), now + timedelta(hours=1)),
        ("hours", _("In four hours"), now + timedelta(hours=4)),
        ("tomorrow", _("Tomorrow morning"), tomorrow),
    ]
    if monday != tomorrow:
        found.append(("monday", _("Next Monday"), monday))
    return found


def _morning(now: datetime, days: int) -> datetime:
    day = now.date() + timedelta(days=days)
    return datetime.combine(day, MORNING, tzinfo=now.tzinfo)


@dataclass(frozen=True, slots=True)
class Verb:
    form: type[Move]
    # As the registry of keys names it.
    action: str
    label: Any
    press: Any
    hint: Any
    done: Any


VERBS: Final[Mapping[str, Verb]] = {
    "ask-agent": Verb(
        Ask,
        "ask_agent",
        _("Ask the agent"),
        _("Ask"),
        _("The case goes back to its agent and the clock stands. Its answer comes to you first."),
        _("Asked. It comes back to you when the agent answers."),
    ),
    "escalate": Verb(
        Escalate,
        "escalate",
        _("Escalate"),
        _("Escalate"),
        _("The same question goes to another queue, with your reason."),
        _("Escalated."),
    ),
    "hand-over": Verb(
        HandOver,
        "hand_over",
        _("Hand over"),
        _("Hand over"),
        _("Kept for them for four hours, then for everybody again."),
        _("Handed over."),
    ),
    "snooze": Verb(
        Snooze,
        "snooze",
        _("Put off"),
        _("Put off"),
        _("Nobody sees it until then; it comes back to you first."),
        _("Put off. It comes back by itself."),
    ),
    "skip": Verb(
        Skip,
        "skip",
        _("Skip"),
        _("Skip"),
        _("Back to the queue, and never to you again."),
        _("Skipped. It will not come back to you."),
    ),
}


@dataclass(frozen=True, slots=True)
class Offered:
    """A verb on the page with its form, empty or as it was typed."""

    slug: str
    verb: Verb
    form: Move

    @property
    def address(self) -> str:
        return f"review-{self.slug}"

    @property
    def is_open(self) -> bool:
        return self.form.is_bound


def offered(review: Review, case: Case, tried: tuple[str, Move] | None) -> list[Offered]:
    """All verbs but those that lead nowhere: a failed outcome is nothing to ask an agent, and
    what is over is nothing to escalate."""
    typed = dict([tried]) if tried else {}
    dead = set() if case.state == Case.State.IN_REVIEW else {"ask-agent"}
    dead |= {"escalate"} if review.kind == Review.Kind.AUDIT else set()
    return [
        Offered(slug, verb, typed.get(slug) or verb.form(review=review))
        for slug, verb in VERBS.items()
        if slug not in dead
    ]
