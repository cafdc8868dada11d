"""Permits on the wire: used up once, and the public keys that check them."""

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import shapes
from agents.api.problems import PROBLEMS, Conflict, Gone, Unprocessable, problems
from agents.models.agent_key import Scope
from agents.permit_keys import key_ring
from reviews import wire
from reviews.models import Permit
from reviews.services import permits


class PermitUsed(Conflict):
    default_code = "permit-used"


class PermitOfOther(Conflict):
    default_code = "permit-of-another-action"


class PermitGone(Gone):
    default_code = "permit-gone"


class PermitRedeem(APIView):
    scopes = {"POST": Scope.REDEEM}

    @extend_schema(
        operation_id="permit-redeem",
        summary="Use an approval up, once, before the action runs",
        request={"application/json": shapes.REDEEM_IN},
        responses={
            (200, "application/json"): shapes.REDEEMED,
            **PROBLEMS,
            **problems(409, 410, 413, 422),
        },
    )
    def post(self, request: Request, nonce: str) -> Response:
        body = request.data or {}
        if found := shapes.redeem_in.problems(body):
            raise Unprocessable(found)
        by = permits.Redeemer(request.user, request.auth.prefix, tuple(request.auth.workflow_ids))
        try:
            permit = permits.redeem(nonce, by=by, digest=body.get("action_digest"))
        except Permit.DoesNotExist as error:
            raise Http404 from error
        except permits.UsedUp as error:
            raise PermitUsed(str(error)) from error
        except permits.OtherAction as error:
            raise PermitOfOther(str(error)) from error
        except permits.Gone as error:
            raise PermitGone(str(error)) from error
        return Response(_redeemed(permit), headers={"Cache-Control": "no-store"})


@require_safe
@cache_control(public=True, max_age=300)
def keys(request: HttpRequest) -> JsonResponse:
    """JWKS: a verifier that meets an unknown key id asks here again."""
    return JsonResponse({"keys": list(key_ring().published)})


def _redeemed(permit: Permit) -> dict:
    return {
        "object": "permit",
        "nonce": permit.nonce,
        "case": permit.case.public_id,
        "action_digest": permit.digest,
        "redeemed_at": wire.timestamp(permit.redeemed_at),
    }
