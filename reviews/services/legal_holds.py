"""Legal holds: what must not be erased, whoever asks and however old it is."""

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Case, LegalHold
from workflows.models import Workflow


@transaction.atomic
def place_hold(on: Case | Workflow, *, by: AbstractBaseUser, reason: str) -> LegalHold:
    """Raises PermissionDenied, or ValidationError without a reason or when one stands already."""
    _check(by, reason)
    scope = {"case" if isinstance(on, Case) else "workflow": on}
    if isinstance(on, Case):
        # Erasing locks the case before it looks for holds.
        Case.objects.select_for_update(of=("self",), no_key=True).get(pk=on.pk)
    hold = LegalHold(**scope, reason=reason.strip(), placed_by=by)
    try:
        with transaction.atomic():
            hold.save()
    except IntegrityError as error:
        raise ValidationError(_("A legal hold stands over it already.")) from error
    _record("hold.placed", hold, by, reason)
    return hold


@transaction.atomic
def lift_hold(hold: LegalHold, *, by: AbstractBaseUser, reason: str) -> LegalHold:
    """Raises PermissionDenied, or ValidationError without a reason or when it is lifted."""
    _check(by, reason)
    hold = LegalHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if hold.lifted_at is not None:
        raise ValidationError(_("It is lifted already."))
    hold.lifted_at, hold.lifted_by, hold.lift_reason = timezone.now(), by, reason.strip()
    hold.save()
    _record("hold.lifted", hold, by, reason)
    return hold


def _check(by: AbstractBaseUser, reason: str) -> None:
    if not by.has_perm("reviews.hold_case"):
        raise PermissionDenied(_("This needs the permission “Can place and lift a legal hold”."))
    if not reason.strip():
        raise ValidationError(_("Say why: it goes on record."))


def _record(event: str, hold: LegalHold, by: AbstractBaseUser, reason: str) -> None:
    data = {"hold": hold.pk, "reason": reason.strip()}
    audit.record(hold.chain, audit.Event(event, audit.by_user(by), data), case=hold.case)
