"""Enqueued by the clock: what must happen even when nobody presses anything."""

from celery import shared_task

from reviews import timeline
from reviews.services import (
    absences,
    attachments,
    chat,
    checkpoints,
    claims,
    digests,
    drafts,
    erasing,
    outcomes,
    reminders,
    replays,
    reports,
    timeouts,
    undoing,
)


@shared_task(name="reviews.sweep")
def sweep() -> None:
    undoing.end_windows()
    chat.refresh()
    outcomes.sweep()


@shared_task(name="reviews.expire")
def expire() -> None:
    claims.expire_leases()
    timeouts.expire_cases()
    absences.begin_absences()
    reminders.remind()
    replays.resume_abandoned()


@shared_task(name="reviews.mail")
def mail() -> None:
    digests.write_digests()


@shared_task(name="reviews.ask_about_permits")
def ask_about_permits() -> None:
    reports.flag_never_ran()


@shared_task(name="reviews.checkpoint")
def checkpoint() -> None:
    """All that is over now, however much it is; what is written meanwhile is the next one's."""
    below = timeline.settled()
    while checkpoints.make(below=below):
        pass


@shared_task(name="reviews.retain")
def retain() -> None:
    erasing.retain()


@shared_task(name="reviews.forget_drafts")
def forget_drafts() -> None:
    drafts.forget_old_drafts()


@shared_task(name="reviews.throw_away")
def throw_away() -> None:
    attachments.throw_away()
