"""What there is to say about one case to whoever it was about, on one page that stands alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit, history
from reviews.merkle import path_of
from reviews.models import AuditEntry, AuditHead, Case, Decision, Visit
from reviews.models.decision import deciding
from reviews.rendering import as_text
from reviews.services import checkpoints
from workflows.compiler import Plan, plan_of
from workflows.pointers import join


@dataclass(frozen=True, slots=True)
class Proof:
    """By which the newest checkpointed entry of the case is found in the published checkpoint."""

    checkpoint: int
    position: int
    hash: str
    root: str
    index: int
    size: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    case: Case
    plan: Plan
    proposal: Any
    action: list[tuple[str, str]]
    data: list[tuple[str, str]]
    walk: list[Visit]
    decision: Decision | None
    decisions: list[Decision]
    lines: list[history.Line]
    head: AuditHead
    proof: Proof | None


@transaction.atomic
def explain(case: Case, *, by: AbstractBaseUser) -> Explanation:
    """Goes on record. Raises PermissionDenied for who may not see every case."""
    if not by.has_perm("reviews.view_case"):
        raise PermissionDenied(_("This needs the permission to see every case."))
    audit.record(case.chain, audit.Event("case.explained", audit.by_user(by)), case=case)
    plan = plan_of(case.release_id)
    proposal = case.proposals.last()
    decisions = list(case.decisions.select_related("reviewer", "visit__stage"))
    return Explanation(
        case=case,
        plan=plan,
        proposal=proposal,
        action=list(leaves((proposal.action or {}).get("args", {}))),
        data=list(leaves(case.data)),
        walk=list(case.visits.select_related("stage").order_by("number")),
        decision=deciding(decisions) if decisions else None,
        decisions=decisions,
        lines=history.history(case, plan, list(case.audit_entries.order_by("position"))),
        head=AuditHead.objects.get(pk=case.chain),
        proof=_proof(case),
    )


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every value with its pointer: complete, whatever it is."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, at + join(key))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from leaves(item, at + join(number))
    elif at:
        yield at, as_text(value)


def _proof(case: Case) -> Proof | None:
    """Of the newest entry that is under a checkpoint already."""
    for entry in AuditEntry.objects.filter(case=case).order_by("-position"):
        over = checkpoints.over(entry)
        if over is None:
            continue
        found = list(checkpoints.leaves_of(over))
        index = found.index(checkpoints.Leaf(entry.chain, entry.position, bytes(entry.hash)))
        return Proof(
            checkpoint=over.number,
            position=entry.position,
            hash=bytes(entry.hash).hex(),
            root=bytes(over.root).hex(),
            index=index,
            size=over.size,
            path=tuple(step.hex() for step in path_of(index, [leaf.digest for leaf in found])),
        )
    return None
