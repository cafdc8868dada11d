"""Where several people are asked: who has spoken, and what is still missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reviews.history import name_of, verdict_done
from reviews.models import Decision, Review
from reviews.models.decision import counting
from reviews.services import standing
from reviews.services.facts import facts_of
from reviews.services.verdicts import APPROVING
from reviews.services.walk import Walk
from workflows.ladder import rungs_for
from workflows.quorum import approvals_wanted


@dataclass(frozen=True, slots=True)
class Seats:
    """`missing` says what the gate still needs; `people` are (name, what they did)."""

    total: int
    missing: str
    people: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, walk: Walk, reviews: Sequence[Review], *, is_sealed: bool = False) -> Self:
        gate = walk.stage.gate
        here = [row for row in reviews if row.visit_id == walk.visit.id and row.kind == "SEAT"]
        spoken = [
            row
            for row in counting(walk.decisions)
            if row.visit_id == walk.visit.id and row.by == Decision.By.REVIEWER
        ]
        people = [
            (name_of(row.reviewer), _("has decided") if is_sealed else verdict_done(row.verdict))
            for row in spoken
        ]
        people += [
            (name_of(row.claimed_by), _("is looking at it"))
            for row in here
            if row.state == Review.State.CLAIMED
        ]
        free = sum(row.state == Review.State.OPEN for row in here)
        if free:
            words = ngettext("%d seat", "%d seats", free) % free
            people.append((words, _("waits for a person")))
        if gate is None:
            return cls(total=0, missing="", people=tuple(people))
        if is_sealed:
            left = max(0, gate.seats - len(spoken))
            words = ngettext("%d answer is still missing.", "%d answers are still missing.", left)
            return cls(gate.seats, words % left, tuple(people))
        if gate.ladder:
            return cls(*_rungs(walk, spoken), tuple(people))
        approvals = sum(row.verdict in APPROVING for row in spoken)
        wanted = approvals_wanted(quorum=gate.quorum, seats=gate.seats, needed=gate.needed)
        return cls(gate.seats, _missing(wanted - approvals, gate.seats), tuple(people))


def _rungs(walk: Walk, spoken: Sequence[Decision]) -> tuple[int, str]:
    gate = walk.stage.gate
    assert gate is not None
    every = rungs_for(gate.ladder, facts_of(walk.case, walk.proposal, walk.plan))
    left = len(standing.to_climb(walk, walk.stage, spoken))
    words = ngettext(
        "%(left)d of %(all)d approvals, one after another, is still missing.",
        "%(left)d of %(all)d approvals, one after another, are still missing.",
        left,
    )
    return len(every), words % {"left": left, "all": len(every)}


def _missing(still: int, seats: int) -> str:
    if still <= 0:
        return _("Enough people have approved.")
    return ngettext(
        "%(still)d approval of %(seats)d seats is still missing.",
        "%(still)d approvals of %(seats)d seats are still missing.",
        still,
    ) % {"still": still, "seats": seats}
