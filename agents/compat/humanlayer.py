"""The HumanLayer wire: its published client works with nothing changed but the address.

A function call is a case with an action, a contact request one that only wants an answer. That
client runs the arguments it has and takes no others, so an edit is told to it as a rejection with
the exact arguments; and it believes no rejection without a comment, so there always is one.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api.creating import create
from agents.api.problems import Unprocessable
from agents.api.shapes.plain import FREE, text
from agents.models import AgentKey, IdempotencyKey
from agents.models.agent_key import Scope
from reviews import wire
from reviews.models import Case
from workflows.compiler import plan_of
from workflows.models import Release
from workflows.schemas import Problem, compile_schema

LONGEST_SUMMARY = 500
# What the client sent and reads back; a channel's bot token stays out of what we keep.
KEPT = ("reject_options", "response_options", "state")
OPTIONAL = {"type": ["object", "null"]}
OPTIONS = {"type": ["array", "null"], "items": {"type": "object"}, "maxItems": 50}


def _call(spec: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["run_id", "call_id", "spec"],
        "properties": {
            "run_id": text(200, minLength=1),
            "call_id": text(200, minLength=1),
            "spec": {"type": "object", "required": list(required), "properties": spec},
        },
    }


function_call = compile_schema(
    _call(
        {
            "fn": text(80, minLength=1),
            "kwargs": FREE,
            "channel": OPTIONAL,
            "reject_options": OPTIONS,
            "state": OPTIONAL,
        },
        "fn",
        "kwargs",
    )
)
contact_request = compile_schema(
    _call(
        {
            "msg": text(20_000, minLength=1),
            "subject": {"type": ["string", "null"], "maxLength": 500},
            "channel": OPTIONAL,
            "response_options": OPTIONS,
            "state": OPTIONAL,
        },
        "msg",
    )
)


@extend_schema(exclude=True)
class FunctionCalls(APIView):
    scopes = {"POST": Scope.CREATE}

    def post(self, request: Request) -> Response:
        _require(function_call.problems(request.data))
        spec = request.data["spec"]
        fields = {
            "action": {"name": spec["fn"], "args": spec["kwargs"]},
            "allowed_decisions": ["approve", "edit", "reject"],
        }
        case = _open("function_calls", request, fields, action=spec["fn"])
        return Response(_function_call(case, request.data), status=status.HTTP_201_CREATED)


@extend_schema(exclude=True)
class FunctionCall(APIView):
    scopes = {"GET": Scope.READ}

    def get(self, request: Request, call_id: str) -> Response:
        case, sent = _found("function_calls", request.auth, call_id)
        return Response(_function_call(case, sent))


@extend_schema(exclude=True)
class ContactRequests(APIView):
    scopes = {"POST": Scope.CREATE}

    def post(self, request: Request) -> Response:
        _require(contact_request.problems(request.data))
        spec = request.data["spec"]
        said = {"text": spec["msg"], "options": spec.get("response_options")}
        fields = {
            "summary": (spec.get("subject") or spec["msg"])[:LONGEST_SUMMARY],
            "ai_output": {name: value for name, value in said.items() if value},
            "allowed_decisions": ["respond"],
        }
        case = _open("contact_requests", request, fields, action=None)
        return Response(_contact(case, request.data), status=status.HTTP_201_CREATED)


@extend_schema(exclude=True)
class ContactRequest(APIView):
    scopes = {"GET": Scope.READ}

    def get(self, request: Request, call_id: str) -> Response:
        case, sent = _found("contact_requests", request.auth, call_id)
        return Response(_contact(case, sent))


@extend_schema(exclude=True)
class NeverDecides(APIView):
    """Where that client would answer for a human."""

    scopes = {"POST": Scope.READ}

    def post(self, request: Request, anything: str) -> Response:
        raise PermissionDenied("An agent key can never decide.")


def _open(
    kind: str, request: Request, fields: dict[str, Any], *, action: str | None
) -> dict[str, Any]:
    sent, spec = request.data, request.data["spec"]
    kept = {name: spec[name] for name in KEPT if spec.get(name)}
    body = fields | {
        "workflow": _workflow_for(request.auth, spec, action=action),
        "correlation": {
            "framework": "humanlayer",
            "run_id": sent["run_id"],
            "tool_call_id": sent["call_id"],
        },
        "metadata": {"humanlayer": {"spec": _spoken(spec, kept)}},
    }
    case, _made = create(body, key=request.auth, idempotency_key=_key(kind, sent["call_id"]))
    return case


def _spoken(spec: Mapping[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    return {name: spec[name] for name in ("fn", "kwargs", "msg", "subject") if name in spec} | kept


def _found(kind: str, key: AgentKey, call_id: str) -> tuple[dict[str, Any], Mapping[str, Any]]:
    row = IdempotencyKey.objects.filter(agent=key.agent, key=_key(kind, call_id)).first()
    if row is None:
        raise Http404
    cases = list(wire.readable(Case.objects.filter(pk=row.case_id)))
    case = wire.load(cases)[0]
    correlation = case["correlation"]
    sent = {
        "run_id": correlation["run_id"],
        "call_id": correlation["tool_call_id"],
        "spec": case["metadata"]["humanlayer"]["spec"],
    }
    return case, sent


def _key(kind: str, call_id: str) -> str:
    return f"humanlayer:{hashlib.sha256(f'{kind}/{call_id}'.encode()).hexdigest()}"


def _workflow_for(key: AgentKey, spec: Mapping[str, Any], *, action: str | None) -> str:
    """That wire names no workflow: it is the one of this key that fits, or `state.workflow`."""
    named = (spec.get("state") or {}).get("workflow")
    if isinstance(named, str):
        return named
    live = Release.objects.filter(state=Release.State.LIVE).select_related("workflow")
    usable = [release for release in live if key.may_use(release.workflow_id)]
    fitting = sorted(each.workflow.slug for each in usable if _fits(each, action))
    if len(fitting) != 1:
        words = f"fits {len(fitting)} workflows of this key {fitting[:5]}; bind the key to one, "
        pointer = "/spec/msg" if action is None else "/spec/fn"
        raise Unprocessable([Problem(pointer, words + "or name it in spec.state.workflow")])
    return fitting[0]


def _fits(release: Release, action: str | None) -> bool:
    plan = plan_of(release.pk)
    if action is None:
        return "respond" in plan.verdicts()
    return not plan.actions or action in plan.actions


def _require(problems: list[Problem]) -> None:
    if problems:
        raise Unprocessable(problems)


def _function_call(case: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    approved = _approved(case)
    return _answer(
        case,
        sent,
        approved=approved,
        comment=None if approved is None else _words(case) or (None if approved else _why(case)),
    )


def _contact(case: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    response = None if _is_open(case) else _words(case) or _why(case)
    return _answer(case, sent, response=response)


def _answer(case: Mapping[str, Any], sent: Mapping[str, Any], **answer: object) -> dict[str, Any]:
    decided_at = (case["decision"] or {}).get("decided_at")
    times = {"requested_at": case["created_at"], "responded_at": decided_at}
    spec = {**sent["spec"], "channel": None}
    return {
        "run_id": sent["run_id"],
        "call_id": sent["call_id"],
        "spec": spec,
        "status": times | answer,
    }


def _is_open(case: Mapping[str, Any]) -> bool:
    return case["status"] == "pending"


def _approved(case: Mapping[str, Any]) -> bool | None:
    if _is_open(case):
        return None
    decision = case["decision"] or {}
    stands = case["status"] == "decided" and not case.get("reversed_at")
    return stands and decision.get("type") == "approve"


def _words(case: Mapping[str, Any]) -> str:
    """What the reviewer says, with the arguments that an edit asks for."""
    decision = case["decision"] or {}
    said = str(decision.get("message") or "")
    if decision.get("type") == "respond" and not said and decision.get("response") is not None:
        said = json.dumps(decision["response"], ensure_ascii=False)
    if decision.get("type") == "edit":
        args = json.dumps(decision["edited_action"]["args"], ensure_ascii=False, sort_keys=True)
        said = f"{said}\nCall it again with exactly these arguments: {args}".strip()
    return said


def _why(case: Mapping[str, Any]) -> str:
    if case["status"] == "needs_info":
        # That wire has no way to answer, so its client would wait for ever.
        return f"A reviewer asks: {case['info_request']['message']}"
    if case["status"] == "expired":
        return "Nobody answered in time."
    if case["status"] == "cancelled":
        return "This was withdrawn."
    return "The approval was taken back." if case.get("reversed_at") else "A reviewer said no."
