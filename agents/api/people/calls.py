"""What the calls on one review have in common: who may make them, and what they answer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api.people import shapes
from agents.api.people.authentication import MayCall, PersonalTokenAuthentication
from agents.api.people.documents import detail, row
from agents.api.people.refusals import as_problems
from agents.api.problems import PROBLEMS, Unprocessable, problems
from agents.throttling import PersonThrottle
from reviews import audit
from reviews.models import Case, PersonalToken, Review
from reviews.views.case_page import CasePage
from workflows.schemas import compile_schema


class PersonCall(APIView):
    """A call by a person. What they do by a token is on record as done by it."""

    authentication_classes = [PersonalTokenAuthentication, SessionAuthentication]
    permission_classes = [MayCall]
    throttle_classes = [PersonThrottle]

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        with audit.by_means_of(""):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if isinstance(request.auth, PersonalToken):
            audit.note_means(f"token:{request.auth.prefix}")


class ReviewCall(PersonCall):
    """One verb on one review: the body is checked, the service is called, and whoever sees the
    review reads how it stands now."""

    def act(self, review: Review, body: dict[str, Any]) -> Any:
        raise NotImplementedError

    def post(self, request: Request, public_id: str) -> Response:
        review = review_of(request, public_id)
        body = checked(request, type(self).accepts)
        with as_problems():
            made = self.act(review, body)
        return self.answer(made if isinstance(made, Review) else review)

    def answer(self, review: Review) -> Response:
        return never_kept(row(fresh(review), self.request.user))


class SeatCall(ReviewCall):
    """A verb after which somebody goes on working: they read the whole of it."""

    def answer(self, review: Review) -> Response:
        return never_kept(detail(page_of(fresh(review), self.request)))


def documented(
    name: str, summary: str, *, accepts: dict[str, Any], answers: dict[str, Any]
) -> Callable[[type], type]:
    """Says of a call what it takes and gives, to OpenAPI and to itself."""

    def say(view: type) -> type:
        view.accepts = compile_schema(accepts)
        schema = extend_schema(
            operation_id=name,
            summary=summary,
            request={"application/json": accepts},
            responses={
                (200, "application/json"): answers,
                **PROBLEMS,
                **problems(409, 413, 422),
            },
        )
        return extend_schema_view(post=schema)(view)

    return say


def takes(name: str, summary: str, accepts: dict[str, Any]) -> Callable[[type], type]:
    return documented(name, summary, accepts=accepts, answers=shapes.ROW)


def checked(request: Request, schema: Any) -> dict[str, Any]:
    body = request.data or {}
    if found := schema.problems(body):
        raise Unprocessable(found)
    return body


def review_of(request: Request, public_id: str) -> Review:
    """What this person may not see is as good as none."""
    try:
        pk = UUID(hex=public_id.removeprefix("review_"))
    except ValueError as error:
        raise Http404 from error
    rows = Review.objects.visible_to(request.user).select_related(
        "queue__escalation_queue", "case__agent", "case__release__workflow", "visit", "claimed_by"
    )
    return get_object_or_404(rows, pk=pk)


def fresh(review: Review) -> Review:
    """As it stands after the service, with all that its documents read."""
    rows = Review.objects.select_related(
        "queue", "case__agent", "case__release__workflow", "claimed_by", "visit"
    )
    return rows.prefetch_related("case__proposals").get(pk=review.pk)


def page_of(review: Review, request: Request) -> CasePage:
    """The page about exactly this review."""
    case = Case.objects.select_related("agent", "release__workflow", "stage").get(pk=review.case_id)
    page = CasePage(case, request.user)
    page.review = next(one for one in page.reviews if one.pk == review.pk)
    return page


def never_kept(document: dict[str, Any], **headers: str) -> Response:
    return Response(document, headers={"Cache-Control": "no-store", **headers})
