"""Several reviews, one wish: shown case by case first, then done case by case, each by the
service that a single press would call, each in its own transaction, each on its own record."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid4

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Decision, Review
from reviews.services import claims, reassigning, together
from reviews.services.claims import NotClaimable
from reviews.services.decisions import NotYours, StaleProposal, decide_review
from reviews.services.preview import Preview
from reviews.services.reassigning import NotMovable
from reviews.services.together import NotTogether
from reviews.services.verdicts import Answer, InvalidVerdict
from reviews.services.walk import Walk
from workflows.models import Queue

MOST = 200
REFUSALS = (NotClaimable, NotYours, StaleProposal, InvalidVerdict, NotTogether, NotMovable)


class Act(StrEnum):
    CLAIM = "claim"
    RELEASE = "release"
    APPROVE = "approve"
    REJECT = "reject"
    TAKE_BACK = "take_back"
    MOVE = "move"
    GIVE = "give"

    @property
    def decides(self) -> bool:
        return self in (Act.APPROVE, Act.REJECT)

    @property
    def is_for_leads(self) -> bool:
        return self in (Act.TAKE_BACK, Act.MOVE, Act.GIVE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with each; only what the act asks for is read."""

    act: Act
    by: AbstractBaseUser
    reason_code: str = ""
    message: str = ""
    queue: Queue | None = None
    person: AbstractBaseUser | None = None
    # Attention for all of them together; each case gets its share.
    active_seconds: float | None = None


@dataclass(slots=True)
class Planned:
    """One review before anything is done: `refused` says why nothing would be."""

    review: Review
    refused: str = ""
    walk: Walk | None = None
    preview: Preview | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the preview showed of one review; a decision is bound to it."""

    review: UUID
    revision: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    review: Review
    words: str
    is_done: bool


def plan(reviews: Sequence[Review], wish: Wish) -> list[Planned]:
    """What would happen to each, in the given order. Writes nothing."""
    return _PLANS[wish.act](reviews, wish)


def carry_out(seen: Iterable[Seen], wish: Wish) -> list[Done]:
    """Each on its own: what one refuses does not keep the next from being done."""
    chosen = {one.review: one for one in list(seen)[:MOST]}
    rows = Review.objects.visible_to(wish.by).select_related("case", "queue")
    found = {row.pk: row for row in rows.filter(pk__in=chosen)}
    batch = _Batch(uuid4().hex, len(found))
    return [_one(found[pk], one, wish, batch) for pk, one in chosen.items() if pk in found]


@dataclass(frozen=True, slots=True)
class _Batch:
    id: str
    size: int


def _one(review: Review, seen: Seen, wish: Wish, batch: _Batch) -> Done:
    try:
        return Done(review, _DOES[wish.act](review, seen, wish, batch), is_done=True)
    except REFUSALS as error:
        return Done(review, str(error), is_done=False)


def _plan_claims(reviews: Sequence[Review], wish: Wish) -> list[Planned]:
    free = _among(reviews, Review.objects.claimable_by(wish.by))
    held = _held(wish)
    return [_planned_claim(row, wish, free, held) for row in reviews]


def _held(wish: Wish) -> Counter[int]:
    """How many reviews of each queue the person holds now."""
    held = Review.objects.claimed_by(wish.by).order_by()
    return Counter(held.values_list("queue_id", flat=True))


def _planned_claim(review: Review, wish: Wish, free: set[UUID], held: Counter[int]) -> Planned:
    if _is_mine(review, wish):
        return Planned(review, refused=_("You hold it already."))
    if review.pk not in free:
        return Planned(review, refused=claims.why_not(review, reviewer=wish.by))
    capacity = review.queue.capacity
    if capacity is not None and held[review.queue_id] >= capacity:
        words = _("One person may hold %(most)d of %(queue)s at once.")
        return Planned(review, refused=words % {"most": capacity, "queue": review.queue})
    held[review.queue_id] += 1
    return Planned(review)


def _plan_releases(reviews: Sequence[Review], wish: Wish) -> list[Planned]:
    refused = _("This review is not yours to give back.")
    return [Planned(row, refused="" if _is_mine(row, wish) else refused) for row in reviews]


def _plan_decisions(reviews: Sequence[Review], wish: Wish) -> list[Planned]:
    may = _among(reviews, Review.objects.allowed_to(wish.by))
    free = _among(reviews, Review.objects.claimable_by(wish.by))
    held = _held(wish)
    # Each is taken and decided before the next is taken: they do not add up.
    taken = [_planned_claim(row, wish, free, Counter(held)) for row in reviews]
    return [_planned_decision(claim, wish, may) for claim in taken]


def _planned_decision(claim: Planned, wish: Wish, may: set[UUID]) -> Planned:
    review = claim.review
    if _is_mine(review, wish):
        words = _("You may not decide this: teams or separation of duties forbid it.")
        claim = Planned(review, refused="" if review.pk in may else words)
    if claim.refused:
        return claim
    walk = Walk.reading(review.case)
    try:
        return Planned(review, walk=walk, preview=together.check(walk, review, verdict=wish.act))
    except NotTogether as error:
        return Planned(review, refused=str(error), walk=walk)


def _plan_moves(reviews: Sequence[Review], wish: Wish) -> list[Planned]:
    movable = _among(reviews, Review.objects.movable_by(wish.by))
    refused = _("It is closed already, or not in a queue of a team that you lead.")
    return [
        Planned(row, refused=_why_stays(row, wish) if row.pk in movable else refused)
        for row in reviews
    ]


def _why_stays(review: Review, wish: Wish) -> str:
    if wish.act == Act.TAKE_BACK:
        return "" if review.state == Review.State.CLAIMED else _("Nobody holds it.")
    if wish.act == Act.GIVE:
        return reassigning.why_not_to_person(review, wish.person) if wish.person else ""
    if wish.queue is None:
        return ""
    return reassigning.why_not_to_queue(review, wish.queue, by=wish.by)


def _claim(review: Review, seen: Seen, wish: Wish, batch: _Batch) -> str:
    claims.claim_review(review, reviewer=wish.by)
    return _("Taken: it is yours.")


def _release(review: Review, seen: Seen, wish: Wish, batch: _Batch) -> str:
    claims.release_review(review, reviewer=wish.by)
    return _("Given back to the queue.")


@transaction.atomic
def _decide(review: Review, seen: Seen, wish: Wish, batch: _Batch) -> str:
    """Acting takes it; a refusal gives it back. The case is locked first, as everywhere."""
    walk = Walk.of(review.case_id)
    together.check(walk, review, verdict=wish.act)
    claims.claim_review(review, reviewer=wish.by)
    decision = decide_review(
        review,
        reviewer=wish.by,
        answer=Answer(verdict=wish.act.value, reason_code=wish.reason_code, message=wish.message),
        revision=seen.revision,
        digest=seen.digest,
        active_seconds=_share(wish.active_seconds, batch),
    )
    data = {"decision": decision.id.hex, "batch": batch.id, "size": batch.size}
    event = audit.Event("review.decided_together", audit.by_user(wish.by), data)
    audit.record(walk.case.chain, event, case=walk.case)
    if decision.standing == Decision.Standing.LATE:
        return _("Too late: time had run out, and nothing was changed.")
    return _("Approved.") if wish.act == Act.APPROVE else _("Rejected.")


def _share(seconds: float | None, batch: _Batch) -> float | None:
    return None if seconds is None else round(seconds / batch.size, 1)


def _take_back(review: Review, seen: Seen, wish: Wish, batch: _Batch) -> str:
    reassigning.take_back(review, by=wish.by, reason=wish.message)
    return _("Back in its queue.")


def _move(review: Review, seen: Seen, wish: Wish, batch: _Batch) -> str:
    assert wish.queue is not None
    reassigning.move_to(review, by=wish.by, queue=wish.queue, reason=wish.message)
    return _("Moved to %s.") % wish.queue


def _give(review: Review, seen: Seen, wish: Wish, batch: _Batch) -> str:
    assert wish.person is not None
    reassigning.give_to(review, by=wish.by, to=wish.person, reason=wish.message)
    return _("Kept for %s.") % wish.person


def _is_mine(review: Review, wish: Wish) -> bool:
    return review.state == Review.State.CLAIMED and review.claimed_by_id == wish.by.pk


def _among(reviews: Sequence[Review], allowed: object) -> set[UUID]:
    ids = [row.pk for row in reviews]
    return set(allowed.filter(pk__in=ids).values_list("pk", flat=True))


_PLANS: Mapping[Act, Callable[[Sequence[Review], Wish], list[Planned]]] = {
    Act.CLAIM: _plan_claims,
    Act.RELEASE: _plan_releases,
    Act.APPROVE: _plan_decisions,
    Act.REJECT: _plan_decisions,
    Act.TAKE_BACK: _plan_moves,
    Act.MOVE: _plan_moves,
    Act.GIVE: _plan_moves,
}
_DOES: Mapping[Act, Callable[[Review, Seen, Wish, _Batch], str]] = {
    Act.CLAIM: _claim,
    Act.RELEASE: _release,
    Act.APPROVE: _decide,
    Act.REJECT: _decide,
    Act.TAKE_BACK: _take_back,
    Act.MOVE: _move,
    Act.GIVE: _give,
}
