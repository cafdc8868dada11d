"""Receipts, the ground truth, and the corrections that people made."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import feedback, shapes
from agents.api.bulk import LinesRenderer
from agents.api.creating import time_of
from agents.api.problems import PROBLEMS, Unprocessable, problems
from agents.api.views import header, own_case
from agents.idempotency import given_key
from agents.models.agent_key import Scope
from reviews import wire
from reviews.services import reports
from workflows.schemas import CompiledSchema

KEY = header("Idempotency-Key", "The same key again says nothing twice.")


class CaseReceipt(APIView):
    scopes = {"POST": Scope.REPORT}

    @extend_schema(
        operation_id="case-receipt",
        summary="What was run; what does not fit the approval is flagged",
        parameters=[KEY],
        request={"application/json": shapes.RECEIPT_IN},
        responses={
            (201, "application/json"): shapes.RECEIPT,
            (200, "application/json"): shapes.RECEIPT,
            **PROBLEMS,
            **problems(413, 422),
        },
    )
    def post(self, request: Request, public_id: str) -> Response:
        case, body = own_case(request, public_id), _read(request, shapes.receipt_in)
        receipt, made = reports.record_receipt(
            case.pk, key=_key(request), digest=body["action_digest"], result=body.get("result")
        )
        document = {
            "object": "receipt",
            "case": case.public_id,
            "action_digest": receipt.digest,
            "matches": not receipt.flags,
            "flags": receipt.flags,
            "at": wire.timestamp(receipt.created_at),
        }
        return _answer(document, made)


class CaseGroundTruth(APIView):
    scopes = {"POST": Scope.REPORT}

    @extend_schema(
        operation_id="case-ground-truth",
        summary="What turned out to be right",
        parameters=[KEY],
        request={"application/json": shapes.TRUTH_IN},
        responses={
            (201, "application/json"): shapes.TRUTH,
            (200, "application/json"): shapes.TRUTH,
            **PROBLEMS,
            **problems(413, 422),
        },
    )
    def post(self, request: Request, public_id: str) -> Response:
        case, body = own_case(request, public_id), _read(request, shapes.truth_in)
        truth = reports.Truth(
            wrong=body["wrong"],
            kind=body.get("kind", ""),
            detail=body.get("detail", ""),
            learned_at=time_of(body.get("learned_at"), at="/learned_at"),
        )
        label, made = reports.record_truth(case.pk, key=_key(request), truth=truth)
        document = {
            "object": "ground_truth",
            "case": case.public_id,
            "wrong": label.wrong,
            "kind": label.kind,
            "learned_at": wire.timestamp(label.learned_at),
        }
        return _answer(document, made)


class Feedback(APIView):
    scopes = {"GET": Scope.FEEDBACK}
    renderer_classes = [JSONRenderer, LinesRenderer]

    @extend_schema(
        operation_id="feedback",
        summary="What people changed of this agent's proposals, a line each, oldest first",
        parameters=[
            OpenApiParameter(
                "cursor", OpenApiTypes.STR, description="`Handrail-Cursor` of the answer before"
            )
        ],
        responses={
            (200, "application/x-ndjson"): shapes.FEEDBACK,
            **PROBLEMS,
            **problems(422),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        lines, cursor = feedback.page(request.auth, request.query_params.get("cursor", ""))
        headers = {"Handrail-Cursor": str(cursor), "Cache-Control": "no-store"}
        return HttpResponse(lines, content_type=LinesRenderer.media_type, headers=headers)


def _read(request: Request, schema: CompiledSchema) -> dict[str, Any]:
    if found := schema.problems(request.data):
        raise Unprocessable(found)
    return request.data


def _key(request: Request) -> str:
    return given_key(request.headers.get("Idempotency-Key"))


def _answer(document: dict[str, Any], made: bool) -> Response:
    headers = {} if made else {"Idempotency-Replayed": "true"}
    code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
    return Response(document, status=code, headers=headers)
