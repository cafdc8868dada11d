"""What an agent tells afterwards: what it ran, and what turned out to be right."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from reviews import audit
from reviews.models import Case, Label, Permit, Receipt
from reviews.services.permits import RUNS, STANDS


@dataclass(frozen=True, slots=True)
class Truth:
    wrong: bool
    kind: str = ""
    detail: str = ""
    learned_at: datetime | None = None


@transaction.atomic
def record_receipt(case_id: UUID, *, key: str, digest: str, result: Any) -> tuple[Receipt, bool]:
    """The receipt, and whether this call made it: a repeat under the same key says nothing new.
    What does not fit the approval is flagged and never refused: it has happened."""
    case = _locked(case_id)
    earlier = case.receipts.filter(key=key).first()
    if earlier is not None:
        return earlier, False
    receipt = Receipt(case=case, key=key, digest=digest, result=result)
    receipt.flags = _flags(case, digest)
    receipt.save(force_insert=True)
    _on_record(case, "receipt.recorded", digest=digest, flags=receipt.flags)
    return receipt, True


@transaction.atomic
def record_truth(case_id: UUID, *, key: str, truth: Truth) -> tuple[Label, bool]:
    """The label, and whether this call made it. The newest truth is what oversight counts."""
    case = _locked(case_id)
    earlier = case.labels.filter(key=key).first()
    if earlier is not None:
        return earlier, False
    label = Label(
        case=case,
        key=key,
        source=Label.Source.GROUND_TRUTH,
        wrong=truth.wrong,
        kind=truth.kind,
        detail=truth.detail,
        learned_at=truth.learned_at or timezone.now(),
    )
    label.save(force_insert=True)
    Case.objects.filter(pk=case.pk).update(wrong=truth.wrong)
    personal = {"/detail": truth.detail} if truth.detail else {}
    data = {"source": label.source, "wrong": truth.wrong, "kind": truth.kind}
    _on_record(case, "case.labelled", personal=personal, **data)
    return label, True


def flag_never_ran(*, limit: int = 500) -> int:
    """Permits that ran out without a receipt, each told once; how many."""
    over = Permit.objects.filter(checked_at=None, exchanged_at=None, expires_at__lte=timezone.now())
    nonces = over.order_by("expires_at").values_list("pk", flat=True)[:limit]
    return sum(_check(nonce) for nonce in list(nonces))


@transaction.atomic
def _check(nonce: str) -> bool:
    case = _locked(Permit.objects.only("case_id").get(pk=nonce).case_id)
    if not Permit.objects.filter(pk=nonce, checked_at=None).update(checked_at=timezone.now()):
        return False
    if case.state not in STANDS or case.receipts.exists():
        return False
    _on_record(case, "receipt.missing", by=audit.SYSTEM, nonce=nonce)
    return True


def _flags(case: Case, digest: str) -> list[str]:
    flags = []
    if case.state not in STANDS or case.verdict not in RUNS:
        flags.append(Receipt.Flag.NOT_APPROVED)
    elif digest != case.proposals.last().digest:
        flags.append(Receipt.Flag.OTHER_ACTION)
    if case.receipts.exists():
        flags.append(Receipt.Flag.RAN_TWICE)
    return [str(flag) for flag in flags]


def _locked(case_id: UUID) -> Case:
    return Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case_id)


def _on_record(
    case: Case,
    event: str,
    *,
    by: str = "",
    personal: dict[str, Any] | None = None,
    **data: object,
) -> None:
    actor = by or audit.by_agent(case.agent_id)
    audit.record(case.chain, audit.Event(event, actor, data, personal or {}), case=case)
