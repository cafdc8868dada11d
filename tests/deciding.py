"""Short words for what people and the clock do in stories."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from reviews.models import AuditEntry, Case, Decision, OutcomeRun, Review, Target
from reviews.models.case import case_id
from reviews.services import claims, outcomes
from reviews.services.decisions import decide_review
from reviews.services.verdicts import Answer

Commit = Callable[[], AbstractContextManager[Any]]


def case_of(response: Any) -> Case:
    assert response.status_code == 201, response.content
    return Case.objects.get(pk=case_id(response.json()["id"]))


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def decide(
    review: Review, reviewer: AbstractUser, verdict: str = "approve", **answer: Any
) -> Decision:
    """On exactly what stands now."""
    proposal = review.case.proposals.last()
    return decide_review(
        Review.objects.get(pk=review.pk),
        reviewer=reviewer,
        answer=Answer(verdict=verdict, **answer),
        revision=proposal.revision,
        digest=proposal.digest,
    )


def take_and_decide(reviewer: AbstractUser, verdict: str = "approve", **answer: Any) -> Decision:
    review = claims.claim_next(reviewer=reviewer)
    assert review is not None, "nothing to claim"
    return decide(review, reviewer, verdict, **answer)


def events(case: Case) -> list[str]:
    return [entry.event for entry in AuditEntry.objects.filter(case=case).order_by("position")]


def run_everything_due() -> None:
    """What a worker does, until nothing is due; retries come forward in time, and so does the
    end of a target's pause."""
    for _ in range(50):
        Target.objects.update(open_until=None)
        OutcomeRun.objects.filter(state="RETRY_WAIT").update(next_attempt_at=timezone.now())
        due = list(OutcomeRun.objects.due().values_list("pk", flat=True))
        if not due:
            return
        for pk in due:
            outcomes.run(pk)
