"""A case as its own agent reads it: what `reviews.wire` writes, and the permit and the list of
files, which stand nowhere else."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils.module_loading import import_string

from agents.permit_keys import key_ring
from reviews import wire
from reviews.models import Attachment, Case, Decision, Permit
from reviews.services import permits
from reviews.services.walk import Walk

log = logging.getLogger(__name__)


def of_cases(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """For rows of `wire.readable`, in as many queries as for one."""
    standing, files = permits.standing(cases), _files(cases)
    prefetch_related_objects([case for case in cases if case.pk in standing], "agent")
    return [
        rows.body(case)
        | {
            "permit": _text(standing.get(case.pk), case, rows.decisions),
            "attachments": files[case.pk],
        }
        for case, rows in zip(cases, wire.around(cases), strict=True)
    ]


def of_case(case: Case) -> dict[str, Any]:
    """For a row of `wire.readable`."""
    return of_cases([case])[0]


def of_walk(walk: Walk) -> dict[str, Any]:
    """For a case that was opened just now."""
    text = _text(walk.permit, walk.case, walk.decisions)
    return walk.on_wire() | {"permit": text, "attachments": []}


def _files(cases: Sequence[Case]) -> defaultdict[UUID, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in Attachment.objects.from_agent().filter(case__in=[case.pk for case in cases]):
        found[row.case_id].append(wire.attachment(row))
    return found


def _text(permit: Permit | None, case: Case, decisions: Iterable[Decision]) -> str | None:
    if permit is None:
        return None
    key = key_ring().signing
    if key is None:
        log.error("A permit is due and HANDRAIL_PERMIT_KEYS names no private key to sign it.")
        return None
    sign = import_string(settings.PERMIT_SIGNER)
    return sign(permits.claims_of(permit, case, decisions), key)
