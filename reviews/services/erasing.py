"""Erasing what was written in a case: on request, or when it was kept long enough.

What stays is that the case was, who decided what on it and when, by what rules, and the digests of
what was shown: the chain holds commitments to personal values and none of the values, so it stays
valid, and without their salts nobody can guess them from it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Func, Value
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from reviews import audit
from reviews.models import (
    Attachment,
    Case,
    CommittedAnswer,
    Decision,
    Draft,
    Erasure,
    Label,
    LegalHold,
    Message,
    Opinion,
    OutcomeRun,
    Proposal,
    Receipt,
    SubjectData,
)
from reviews.services import attachments
from workflows.models import Workflow

UNFINISHED: Final = ("PENDING", "RUNNING", "RETRY_WAIT")
FINAL: Final = ("COMPLETED", "CANCELLED", "EXPIRED", "REVERSED")


class Held(ValidationError):
    """A legal hold stands over it."""


def _empty(**values: object) -> Callable[[models.QuerySet], int]:
    return lambda rows: rows.update(**values)


# The action keeps its name: what kind of thing was decided is no secret of anybody's.
NAMELESS: Final = models.Case(
    models.When(action=None, then=Value(None, models.JSONField())),
    default=JSONObject(
        name=Func(F("action"), Value("name"), function="jsonb_extract_path"),
        args=Value({}, models.JSONField()),
    ),
)
# Table by table: what it is called, and how its words go.
WORDS: Final[Mapping[type[models.Model], tuple[str, Callable[[models.QuerySet], object]]]] = {
    SubjectData: (noop("personal values behind the record"), models.QuerySet.delete),
    Draft: (noop("drafts"), models.QuerySet.delete),
    Attachment: (noop("files"), attachments.forget),
    Message: (noop("messages and notes"), _empty(text="")),
    Opinion: (noop("opinions of other agents"), _empty(text="")),
    Proposal: (noop("proposals"), _empty(action=NAMELESS, ai_output={})),
    Decision: (noop("decisions"), _empty(message="", changes=[], response=None, opened=[])),
    Receipt: (noop("receipts"), _empty(result=None)),
    Label: (noop("labels"), _empty(detail="")),
    OutcomeRun: (
        noop("requests that were sent"),
        _empty(
            url="",
            headers={},
            body=b"",
            precondition=None,
            differences=[],
            reply_excerpt="",
            last_error="",
        ),
    ),
}


@transaction.atomic
def erase_case(case: Case, *, by: AbstractBaseUser, reason: str) -> Erasure:
    """Raises PermissionDenied, Held, or ValidationError while it is not closed, without a reason,
    or when it is erased already."""
    if not by.has_perm("reviews.erase_case"):
        raise PermissionDenied(_("This needs the permission to erase what was written in a case."))
    if not reason.strip():
        raise ValidationError(_("Say why: it goes on record."))
    return _erase(case.pk, cause=Erasure.Cause.REQUEST, by=by, reason=reason.strip())


def retain(*, limit: int = 500) -> int:
    """Erases what its workflow has kept for long enough; how many cases. Holds keep theirs."""
    done = 0
    for workflow in Workflow.objects.filter(retention_days__isnull=False).order_by("pk"):
        cutoff = timezone.now() - timedelta(days=workflow.retention_days)
        for pk in _outlived(workflow, cutoff)[: limit - done]:
            try:
                _erase(pk, cause=Erasure.Cause.RETENTION, by=None, reason="")
            except ValidationError:
                continue  # held, or a request under way, since it was listed
            done += 1
    return done


def _outlived(workflow: Workflow, cutoff: datetime) -> models.QuerySet:
    held = LegalHold.objects.standing().filter(
        models.Q(case=models.OuterRef("pk")) | models.Q(workflow=workflow)
    )
    rows = Case.objects.filter(
        # Ids begin with the time, so that new cases are not even looked at.
        pk__lt=UUID(int=int(cutoff.timestamp() * 1000) << 80),
        release__workflow=workflow,
        closed_at__lt=cutoff,
        state__in=FINAL,
        erasure=None,
    )
    return rows.exclude(models.Exists(held)).order_by("pk").values_list("pk", flat=True)


def what_goes(case: Case) -> list[tuple[str, int]]:
    """For the page that asks: what it is, and how many."""
    counts = [
        (_(name), model.objects.filter(case=case).count()) for model, (name, _go) in WORDS.items()
    ]
    return [(_("the data that the agent sent, subject and summary"), 1), *counts]


@transaction.atomic
def _erase(pk: UUID, *, cause: str, by: AbstractBaseUser | None, reason: str) -> Erasure:
    case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    _check(case)
    erasure = Erasure.objects.create(case=case, cause=cause, by=by, reason=reason)
    for model, (_name, go) in WORDS.items():
        go(model.objects.filter(case=case))
    CommittedAnswer.objects.filter(review__visit__case=case).update(action={})
    Case.objects.filter(pk=case.pk).update(
        subject="",
        summary="",
        data={},
        metadata={},
        cannot_proceed_reason="",
        version=F("version") + 1,
    )
    actor = audit.by_user(by) if by else audit.SYSTEM
    event = audit.Event("case.erased", actor, {"cause": cause, "reason": reason})
    audit.record(case.chain, event, case=case)
    return erasure


def _check(case: Case) -> None:
    if Erasure.objects.filter(case=case).exists():
        raise ValidationError(_("It is erased already."))
    if LegalHold.objects.over(case).exists():
        raise Held(_("A legal hold stands over it: nothing may be erased."))
    unfinished = OutcomeRun.objects.filter(case=case, state__in=UNFINISHED)
    if case.state not in FINAL or unfinished.exists():
        raise ValidationError(_("It is not over yet: close the case first."))
