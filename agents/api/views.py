"""The agents' calls. A body has one author: `reviews.wire`."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import bodies, listing, shapes
from agents.api.batch import open_batch
from agents.api.bulk import LinesParser, LinesRenderer, body_of, open_lines
from agents.api.creating import create, live_release
from agents.api.held import may_be_held
from agents.api.parsers import StrictJSONParser
from agents.api.problems import PROBLEMS, problems
from agents.models.agent_key import Scope
from reviews import wire
from reviews.models import Case
from reviews.models.case import case_id
from workflows.compiler import Plan, plan_of
from workflows.models import Release

SECONDS_BETWEEN_POLLS = "2"


def header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(
        name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=description
    )


class CaseList(APIView):
    scopes = {"POST": Scope.CREATE, "GET": Scope.READ}

    @extend_schema(
        operation_id="case-create",
        summary="Open a case",
        parameters=[header("Idempotency-Key", "The same key again finds the same case.")],
        request={"application/json": shapes.CASE_IN},
        responses={
            (201, "application/json"): shapes.CASE_OUT,
            (200, "application/json"): shapes.CASE_OUT,
            **PROBLEMS,
            **problems(409, 413, 422),
        },
    )
    def post(self, request: Request) -> Response:
        case, made = create(
            request.data, key=request.auth, idempotency_key=request.headers.get("Idempotency-Key")
        )
        headers = {"Location": f"/api/v1/cases/{case['id']}", **state_headers(case)}
        if not made:
            headers["Idempotency-Replayed"] = "true"
        code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response(case, status=code, headers=headers)

    @extend_schema(
        operation_id="case-list",
        summary="This agent's cases, newest first",
        parameters=listing.PARAMETERS,
        responses={
            (200, "application/json"): shapes.PAGE_OF_CASES,
            **PROBLEMS,
            **problems(422),
        },
    )
    def get(self, request: Request) -> Response:
        cases, next_cursor = listing.page(request.auth.readable_cases(), request.query_params)
        return Response({"object": "list", "data": wire.load(cases), "next_cursor": next_cursor})


class CaseBatch(APIView):
    scopes = {"POST": Scope.CREATE}
    parser_classes = [StrictJSONParser, LinesParser]
    renderer_classes = [JSONRenderer, LinesRenderer]

    @extend_schema(
        operation_id="case-batch",
        summary="Open many cases: a turn's calls together, or thousands of lines each for itself",
        parameters=[header("Idempotency-Key", "Where the cases name none themselves.")],
        request={"application/json": shapes.BATCH_IN, "application/x-ndjson": shapes.LINES},
        responses={
            (201, "application/json"): shapes.BATCH_OUT,
            (200, "application/json"): shapes.BATCH_OUT,
            (200, "application/x-ndjson"): shapes.RESULTS,
            **PROBLEMS,
            **problems(409, 413, 422),
        },
    )
    def post(self, request: Request) -> Response | HttpResponse:
        if request.content_type.startswith(LinesParser.media_type):
            lines = open_lines(body_of(request), key=request.auth)
            return HttpResponse(lines, content_type=LinesParser.media_type)
        batch, made = open_batch(
            request.data, key=request.auth, idempotency_key=request.headers.get("Idempotency-Key")
        )
        headers = {"Cache-Control": "no-store"}
        if not made:
            headers["Idempotency-Replayed"] = "true"
        code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response(batch, status=code, headers=headers)


class CaseDetail(APIView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="case-read",
        summary="The case now, or as soon as it is no longer pending",
        parameters=[
            header(
                "Prefer", "`wait=N`: hold the answer up to N seconds (at most 50) while pending."
            )
        ],
        responses={(200, "application/json"): shapes.CASE_OUT, **PROBLEMS},
    )
    def get(self, request: Request, public_id: str) -> Response:
        row = own_case(request, public_id)
        case = bodies.of_case(row)
        if case["status"] == "pending":
            may_be_held(request, case=row)
        return Response(case, headers=state_headers(case))


class WorkflowList(APIView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="workflow-list",
        summary="What this key may post to",
        responses={(200, "application/json"): shapes.LIST_OF_WORKFLOWS, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        live = Release.objects.filter(state=Release.State.LIVE).select_related("workflow")
        releases = live.prefetch_related("action_types").order_by("workflow__slug")
        rows = [r for r in releases if request.auth.may_use(r.workflow_id)]
        return Response({"object": "list", "data": [_workflow(row) for row in rows]})


class WorkflowDetail(APIView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="workflow-read",
        summary="One workflow: the shape of its data and the decisions it may bring",
        responses={(200, "application/json"): shapes.WORKFLOW_OUT, **PROBLEMS},
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(_workflow(live_release(slug, key=request.auth)))


@extend_schema(exclude=True)
class NoSuchCall(APIView):
    """An agent reads problems, not pages, also where there is nothing."""

    authentication_classes: list = []
    permission_classes: list = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404


# Swagger UI writes styles of its own: this one page has its own policy, and shows no case.
docs = csp_update({"style-src": "'unsafe-inline'", "img-src": "data:"})(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema")
)


def own_case(request: Request, public_id: str) -> Case:
    """The agent's own case; another's, or one that its key may not see, is as good as none."""
    found = request.auth.readable_cases().filter(pk=case_pk(public_id))
    return get_object_or_404(wire.readable(found))


def case_pk(public_id: str) -> UUID:
    """What is no id names nothing."""
    try:
        return case_id(public_id)
    except ValueError as error:
        raise Http404 from error


def state_headers(case: dict[str, Any]) -> dict[str, str]:
    headers = {"ETag": f'"{case["version"]}"', "Cache-Control": "no-store"}
    if case["status"] == "pending":
        headers["Retry-After"] = SECONDS_BETWEEN_POLLS
    return headers


def _workflow(release: Release) -> dict[str, Any]:
    plan: Plan = plan_of(release.pk)
    return {
        "object": "workflow",
        "slug": release.workflow.slug,
        "name": release.workflow.name,
        "purpose": release.workflow.purpose,
        "release": release.number,
        "input_schema": release.input_schema,
        "actions": [
            {
                "name": action.name,
                "title": str(action),
                "args_schema": action.args_schema,
                "reversibility": action.reversibility,
            }
            for action in release.action_types.all()
        ],
        "decisions": [verdict for verdict in shapes.DECISIONS if verdict in plan.verdicts()],
    }
