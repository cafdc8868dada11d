"""Enqueued by the clock."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from agents.models import IdempotencyKey

KEPT_AFTER_CLOSING = timedelta(days=30)


@shared_task(name="agents.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    """A key is kept for its case's life and thirty days."""
    long_closed = timezone.now() - KEPT_AFTER_CLOSING
    IdempotencyKey.objects.filter(case__closed_at__lt=long_closed).delete()
