"""Messages to agents that failed for good, sent again by a person's hand."""

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import OutcomeRun
from reviews.services import outbox
from reviews.services.walk import Walk


@transaction.atomic
def send_again(run: OutcomeRun, *, by: AbstractBaseUser) -> OutcomeRun:
    """The message goes back in line under its own id, with the ladder before it. Raises
    PermissionDenied, ValidationError for what could not arrive, or TransitionNotAllowed when it
    has not failed."""
    if not by.has_perm("workflows.change_webhookendpoint"):
        raise PermissionDenied(_("Sending again needs the permission to change endpoints."))
    if run.kind == OutcomeRun.Kind.PUBLICATION:
        return _publish_again(run, by)
    walk = Walk.of(run.case_id, is_seen=False)
    row = OutcomeRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if row.kind != OutcomeRun.Kind.WEBHOOK:
        raise ValidationError(_("What becomes of a failed action is said on its case's page."))
    if row.endpoint is not None and not row.endpoint.is_active:
        raise ValidationError(_("Its endpoint is switched off: switch it on first."))
    row.requeue()
    outbox.nudge(row)
    row.save()
    walk.note("outcome.requeued", audit.by_user(by), run=row.id.hex, event=row.event)
    walk.save()
    return row


def _publish_again(run: OutcomeRun, by: AbstractBaseUser) -> OutcomeRun:
    """A checkpoint is of no case: it stands on the record of the site."""
    row = OutcomeRun.objects.select_for_update().get(pk=run.pk)
    row.requeue()
    outbox.nudge(row)
    row.save()
    event = audit.Event("outcome.requeued", audit.by_user(by), {"run": row.id.hex})
    audit.record("site", event)
    return row
