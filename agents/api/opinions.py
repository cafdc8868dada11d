"""Opinions: what an agent that a gate invites may read, and what it says."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import shapes
from agents.api.problems import PROBLEMS, Conflict, Unprocessable, problems
from agents.api.views import case_pk
from agents.models import AgentKey
from agents.models.agent_key import Scope
from reviews import wire
from reviews.models import Case, Opinion
from reviews.services import opinions


class CaseOpinions(APIView):
    scopes = {"GET": Scope.OPINIONS, "POST": Scope.OPINIONS}

    @extend_schema(
        operation_id="opinion-ask",
        summary="What is proposed, for an agent whose opinion the gate asks for",
        responses={(200, "application/json"): shapes.ASKED, **PROBLEMS},
    )
    def get(self, request: Request, public_id: str) -> Response:
        case = invited_case(request.auth, public_id)
        return Response(_asked(case), headers={"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="opinion-give",
        summary="Say what to think of a revision, once; people read it, and it decides nothing",
        request={"application/json": shapes.OPINION_IN},
        responses={
            (201, "application/json"): shapes.OPINION,
            (200, "application/json"): shapes.OPINION,
            **PROBLEMS,
            **problems(409, 413, 422),
        },
    )
    def post(self, request: Request, public_id: str) -> Response:
        case = invited_case(request.auth, public_id)
        if found := shapes.opinion_in.problems(request.data):
            raise Unprocessable(found)
        view = opinions.View(**request.data)
        try:
            opinion, made = opinions.give_opinion(case.pk, agent=request.user, view=view)
        except (opinions.NotInvited, opinions.SaidAlready, opinions.AnotherRevision) as error:
            raise Conflict(str(error)) from error
        code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response(_document(opinion, case), status=code)


def invited_case(key: AgentKey, public_id: str) -> Case:
    """A case that does not ask this agent is as good as none."""
    cases = opinions.asked_of(key.agent).select_related("release__workflow")
    case = get_object_or_404(cases.prefetch_related("proposals"), pk=case_pk(public_id))
    if not key.may_use(case.release.workflow_id):
        raise Http404
    return case


def _asked(case: Case) -> dict[str, Any]:
    """Nothing of its record, its people or its permit; no other's opinion either."""
    proposal = list(case.proposals.all())[-1]
    return {
        "object": "opinion_request",
        "case": case.public_id,
        "workflow": case.release.workflow.slug,
        "summary": case.summary,
        "data": case.data,
        "action": proposal.action,
        "ai_output": proposal.ai_output,
        "revision": proposal.revision,
        "action_digest": proposal.digest,
    }


def _document(opinion: Opinion, case: Case) -> dict[str, Any]:
    return {
        "object": "opinion",
        "case": case.public_id,
        "stance": opinion.stance,
        "text": opinion.text,
        "confidence": opinion.confidence,
        "revision": opinion.revision,
        "at": wire.timestamp(opinion.created_at),
    }
