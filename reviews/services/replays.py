"""Replaying a release over the cases of the last days: asked for by a person, run by a worker."""

import logging
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit, enqueue
from reviews.models import Replay
from reviews.services.past import count_past, past_cases
from reviews.services.replay_sums import Sums, samples
from workflows.compiler import compile_release
from workflows.expressions import ExpressionError
from workflows.models import Release
from workflows.schemas import SchemaError

log = logging.getLogger(__name__)
TASK = "reviews.run_replay"


@transaction.atomic
def start_replay(release: Release, *, by: AbstractBaseUser, days: int) -> Replay:
    """Raises PermissionDenied: a replay counts cases of every queue."""
    if not by.has_perms(["workflows.view_release", "reviews.view_case"]):
        raise PermissionDenied(_("Replaying needs the permission to view every case."))
    replay = Replay.objects.create(release=release, by_id=by.pk, days=days)
    data = {"release": release.pk, "number": release.number, "days": days}
    audit.record(
        f"workflow:{release.workflow_id}",
        audit.Event("release.replayed", audit.by_user(by), data),
    )
    enqueue.on_commit(TASK, replay_id=replay.pk.hex)
    return replay


def run_replay(replay_id: UUID) -> None:
    """What a worker does; a second one finds nothing to do. No transaction: it may take long and
    writes nothing but how far it is."""
    replay = Replay.objects.select_related("release__workflow").filter(pk=replay_id).first()
    if replay is None:
        return
    workflow = replay.release.workflow
    since = replay.created_at - timedelta(days=replay.days)
    total = count_past(workflow.pk, since=since)
    if not Replay.objects.begin(replay.pk, total=total):
        return
    try:
        plan = compile_release(replay.release)
    except (ExpressionError, SchemaError) as error:
        Replay.objects.fail(replay.pk, problem=str(error))
        return
    if not plan.stages:
        Replay.objects.fail(replay.pk, problem=_("There are no stages yet."))
        return
    sums = Sums(plan, workflow.exception_queue_id, samples(plan))
    for chunk in past_cases(workflow.pk, since=since):
        for case in chunk:
            sums.add(case)
        Replay.objects.get_on(replay.pk, done=sums.cases)
    Replay.objects.finish(replay.pk, done=sums.cases, result=sums.result())


def resume_abandoned() -> None:
    """What a lost message or a killed worker left behind."""
    for replay in Replay.objects.abandoned():
        enqueue.send(TASK, replay_id=replay.pk.hex)
