"""A case as its own agent reads it: what `reviews.wire` writes, and the permit, which stands
nowhere else."""

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from agents.permit_keys import key_ring
from reviews import wire
from reviews.models import Case, Decision, Permit
from reviews.services import permits
from reviews.services.walk import Walk

log = logging.getLogger(__name__)


def of_case(case: Case) -> dict[str, Any]:
    """For a row of `wire.readable`."""
    text = _text(permits.standing(case), case, case.decisions.all())
    return wire.load([case])[0] | {"permit": text}


def of_walk(walk: Walk) -> dict[str, Any]:
    """For a case that was opened just now."""
    return walk.on_wire() | {"permit": _text(walk.permit, walk.case, walk.decisions)}


def _text(permit: Permit | None, case: Case, decisions: Iterable[Decision]) -> str | None:
    if permit is None:
        return None
    key = key_ring().signing
    if key is None:
        log.error("A permit is due and HANDRAIL_PERMIT_KEYS names no private key to sign it.")
        return None
    sign = import_string(settings.PERMIT_SIGNER)
    return sign(permits.claims_of(permit, case, decisions), key)
