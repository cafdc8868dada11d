"""The calls on a case that is open: an answer, a revised proposal, a withdrawal."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import answering, shapes
from agents.api.problems import PROBLEMS, Conflict, problems
from agents.api.views import header, own_case, state_headers
from agents.models.agent_key import Scope
from reviews import wire
from reviews.services import grants

KEY = header("Idempotency-Key", "The same key again says nothing twice.")
ANSWERS = {
    (201, "application/json"): shapes.CASE_OUT,
    (200, "application/json"): shapes.CASE_OUT,
    **PROBLEMS,
    **problems(409, 413, 422),
}


class CaseMessages(APIView):
    scopes = {"POST": Scope.CREATE}

    @extend_schema(
        operation_id="case-message",
        summary="Answer what was asked, or add something to know while the case is pending",
        parameters=[KEY],
        request={"application/json": shapes.MESSAGE_IN},
        responses=ANSWERS,
    )
    def post(self, request: Request, public_id: str) -> Response:
        return _answered(
            *answering.message(
                own_case(request, public_id),
                request.data,
                key=request.auth,
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        )


class CaseProposals(APIView):
    scopes = {"POST": Scope.CREATE}

    @extend_schema(
        operation_id="case-propose",
        summary="Propose something else; only while the case is needs_info",
        parameters=[KEY],
        request={"application/json": shapes.PROPOSAL_IN},
        responses=ANSWERS,
    )
    def post(self, request: Request, public_id: str) -> Response:
        return _answered(
            *answering.proposal(
                own_case(request, public_id),
                request.data,
                key=request.auth,
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        )


class CaseCancel(APIView):
    scopes = {"POST": Scope.CREATE}

    @extend_schema(
        operation_id="case-cancel",
        summary="Withdraw a case that is not decided",
        request={"application/json": shapes.CANCEL_IN},
        responses={
            (200, "application/json"): shapes.CASE_OUT,
            **PROBLEMS,
            **problems(409, 413, 422),
        },
    )
    def post(self, request: Request, public_id: str) -> Response:
        case = answering.cancel(own_case(request, public_id), request.data)
        return Response(case, headers=state_headers(case))


class CaseGrant(APIView):
    scopes = {"POST": Scope.CREATE}

    @extend_schema(
        operation_id="case-grant",
        summary="Exchange an edited approval: the next case of exactly that action passes, once",
        request=None,
        responses={
            (201, "application/json"): shapes.GRANT,
            (200, "application/json"): shapes.GRANT,
            **PROBLEMS,
            **problems(409),
        },
    )
    def post(self, request: Request, public_id: str) -> Response:
        case = own_case(request, public_id)
        try:
            grant, made = grants.make_grant(case.pk)
        except grants.NotGrantable as error:
            raise Conflict(str(error)) from error
        document = {
            "object": "grant",
            "case": case.public_id,
            "action_digest": grant.digest,
            "expires_at": wire.timestamp(grant.expires_at),
            "used": grant.used_at is not None,
        }
        return Response(document, status=status.HTTP_201_CREATED if made else status.HTTP_200_OK)


def _answered(case: dict[str, Any], made: bool) -> Response:
    headers = state_headers(case)
    if not made:
        headers["Idempotency-Replayed"] = "true"
    code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
    return Response(case, status=code, headers=headers)
