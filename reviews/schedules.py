"""Enqueued by the clock: what must happen even when nobody presses anything."""

from celery import shared_task

from reviews.services import claims, outcomes, timeouts


@shared_task(name="reviews.sweep")
def sweep() -> None:
    outcomes.sweep()


@shared_task(name="reviews.expire")
def expire() -> None:
    claims.expire_leases()
    timeouts.expire_cases()
