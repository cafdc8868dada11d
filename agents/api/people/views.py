"""The people's calls: the services of the pages, for whoever builds an interface of their own."""

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.creating import time_of
from agents.api.people import deciding, listing, shapes
from agents.api.people.calls import (
    PersonCall,
    ReviewCall,
    SeatCall,
    checked,
    documented,
    fresh,
    never_kept,
    page_of,
    review_of,
    takes,
)
from agents.api.people.documents import detail
from agents.api.people.refusals import NotFresh, as_problems
from agents.api.problems import PROBLEMS, Conflict, Unprocessable, problems
from reviews.models import PersonalToken, Review
from reviews.models.personal_token import TokenScope
from reviews.services import answers, claims, moves, returns, undoing
from reviews.services.looking import view_case
from reviews.services.next_up import take_next
from reviews.services.notices import read_about
from reviews.views.confirming import confirmed_at, refusal
from workflows.models import Queue
from workflows.schemas import Problem, compile_schema

LONGEST_NUMBER = 9


class ReviewList(PersonCall):
    scopes = {"GET": TokenScope.READ}

    @extend_schema(
        operation_id="review-list",
        summary="What this person holds, may take, and sees with colleagues",
        parameters=listing.PARAMETERS,
        responses={(200, "application/json"): shapes.LIST, **PROBLEMS, **problems(422)},
    )
    def get(self, request: Request) -> Response:
        return never_kept(listing.page(request.user, request.query_params))


class ReviewDetail(PersonCall):
    scopes = {"GET": TokenScope.READ}

    @extend_schema(
        operation_id="review-read",
        summary="One review, as its page would show it to this person; the look is on record",
        responses={(200, "application/json"): shapes.REVIEW, **PROBLEMS},
    )
    def get(self, request: Request, public_id: str) -> Response:
        page = page_of(review_of(request, public_id), request)
        view_case(
            page.case,
            viewer=request.user,
            visit=page.walk.visit,
            proposal=page.proposal,
            held=page.review if page.is_mine else None,
        )
        read_about(page.case, user=request.user)
        return never_kept(detail(page))


class ReviewClaimNext(PersonCall):
    scopes = {"POST": TokenScope.WORK}
    accepts = compile_schema(shapes.NEXT_IN)

    @extend_schema(
        operation_id="review-claim-next",
        summary="What is held already, else the next review, under a lease",
        request={"application/json": shapes.NEXT_IN},
        responses={
            (200, "application/json"): shapes.REVIEW,
            204: None,
            **PROBLEMS,
            **problems(413, 422),
        },
    )
    def post(self, request: Request) -> Response:
        body = checked(request, self.accepts)
        besides = body.get("besides", "").removeprefix("review_")
        review = take_next(reviewer=request.user, queue=_queue(request, body), looked_at=besides)
        if review is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return never_kept(detail(page_of(fresh(review), request)))


@documented(
    "review-claim",
    "Take this review, under a lease; what was put off is taken back",
    accepts=shapes.NOTHING_IN,
    answers=shapes.REVIEW,
)
class ReviewClaim(SeatCall):
    scopes = {"POST": TokenScope.WORK}

    def act(self, review: Review, body: dict[str, Any]) -> Review:
        return moves.wake(review, reviewer=self.request.user)


@takes("review-renew", "Another full lease", shapes.NOTHING_IN)
class ReviewRenew(ReviewCall):
    scopes = {"POST": TokenScope.WORK}

    def act(self, review: Review, body: dict[str, Any]) -> None:
        if not claims.renew(review, reviewer=self.request.user):
            raise Conflict("This review is not yours (any more).")


@takes("review-release", "Give it back to its queue", shapes.NOTHING_IN)
class ReviewRelease(ReviewCall):
    scopes = {"POST": TokenScope.WORK}

    def act(self, review: Review, body: dict[str, Any]) -> Review:
        return claims.release_review(review, reviewer=self.request.user)


@takes("review-ask-agent", "Ask the agent; the clock stands until it answers", shapes.ASK_IN)
class ReviewAskAgent(ReviewCall):
    scopes = {"POST": TokenScope.WORK}

    def act(self, review: Review, body: dict[str, Any]) -> object:
        return returns.ask_agent(review, reviewer=self.request.user, question=body["message"])


@takes("review-escalate", "The same question in another queue", shapes.ESCALATE_IN)
class ReviewEscalate(ReviewCall):
    scopes = {"POST": TokenScope.WORK}

    def act(self, review: Review, body: dict[str, Any]) -> Review:
        queue = _known(Queue.objects.filter(slug=body["queue"])) if "queue" in body else None
        return moves.escalate(
            review, reviewer=self.request.user, reason=body["reason"], queue=queue
        )


@takes("review-hand-over", "Keep it for a colleague for some hours", shapes.HAND_OVER_IN)
class ReviewHandOver(ReviewCall):
    scopes = {"POST": TokenScope.WORK}

    def act(self, review: Review, body: dict[str, Any]) -> Review:
        colleague = _colleague(review, body["to"])
        return moves.hand_over(
            review, reviewer=self.request.user, to=colleague, reason=body.get("reason", "")
        )


@takes("review-snooze", "Put it off until then", shapes.SNOOZE_IN)
class ReviewSnooze(ReviewCall):
    scopes = {"POST": TokenScope.WORK}

    def act(self, review: Review, body: dict[str, Any]) -> Review:
        until = time_of(body["until"], at="/until")
        assert until is not None
        return moves.snooze(review, reviewer=self.request.user, until=until)


@takes("review-skip", "Back to the queue, and never to this person again", shapes.SKIP_IN)
class ReviewSkip(ReviewCall):
    scopes = {"POST": TokenScope.WORK}

    def act(self, review: Review, body: dict[str, Any]) -> object:
        return moves.skip(review, reviewer=self.request.user, reason=body["reason"])


@documented(
    "review-answer",
    "What this person would do, where the gate asks for it before it shows the proposal",
    accepts=shapes.ANSWER_IN,
    answers=shapes.REVIEW,
)
class ReviewAnswer(SeatCall):
    scopes = {"POST": TokenScope.DECIDE}

    def act(self, review: Review, body: dict[str, Any]) -> object:
        plan = page_of(review, self.request).walk.plan
        return answers.commit_answer(
            review, reviewer=self.request.user, action=body["action"], plan=plan
        )


@documented(
    "review-undo",
    "Take the decision back while nothing follows from it; the answer is the new seat",
    accepts=shapes.NOTHING_IN,
    answers=shapes.REVIEW,
)
class ReviewUndo(SeatCall):
    scopes = {"POST": TokenScope.DECIDE}

    def act(self, review: Review, body: dict[str, Any]) -> Review:
        return undoing.undo(review.case, reviewer=self.request.user)


@documented(
    "review-decide",
    "Decide, on exactly what was looked at",
    accepts=shapes.DECIDE_IN,
    answers=shapes.DECISION,
)
class ReviewDecide(ReviewCall):
    scopes = {"POST": TokenScope.DECIDE}

    def post(self, request: Request, public_id: str) -> Response:
        review = review_of(request, public_id)
        body = checked(request, type(self).accepts)
        with as_problems():
            decision, made = deciding.decide(
                page_of(review, request), body, confirmed_at=_confirmed_at(request, body)
            )
        headers = {} if made else {"Idempotency-Replayed": "true"}
        return never_kept(deciding.document(decision), **headers)


def _confirmed_at(request: Request, body: dict[str, Any]) -> Any:
    """When this person last gave their password: in a session, and never by a token."""
    password = body.get("password", "")
    if isinstance(request.auth, PersonalToken):
        if password:
            raise NotFresh
        return None
    if password and (why_not := refusal(request._request, password)):
        raise Unprocessable([Problem("/password", why_not)])
    return confirmed_at(request._request)


def _queue(request: Request, body: dict[str, Any]) -> Queue | None:
    if "queue" not in body:
        return None
    return get_object_or_404(Queue.objects.workable_by(request.user), slug=body["queue"])


def _colleague(review: Review, named: str) -> Any:
    """By id as it stands in documents, or by username."""
    number = named.removeprefix("u_")
    asked = Q(username=named)
    if number != named and number.isdecimal() and len(number) <= LONGEST_NUMBER:
        asked |= Q(pk=int(number))
    return _known(moves.who_may_take(review).filter(asked), at="/to")


def _known(rows: QuerySet, *, at: str = "/queue") -> Any:
    found = rows.first()
    if found is None:
        raise Unprocessable([Problem(at, "is none that this can go to")])
    return found
