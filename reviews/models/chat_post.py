import json
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from reviews.models.outcome_run import OutcomeRun
from reviews.models.review import Review
from workflows.models import ChatApp


class ChatPostQuerySet(models.QuerySet):
    def outdated(self) -> Self:
        """Those that still ask for what is decided, withdrawn or changed. One that is being sent
        at this moment cannot be changed yet."""
        asked = Q(review__state__in=[Review.State.OPEN, Review.State.CLAIMED])
        return self.filter(~asked | ~Q(review__revision=F("revision")), closed_at=None).exclude(
            run__state=OutcomeRun.State.RUNNING
        )


class ChatPost(models.Model):
    """One message that asks for a decision, bound to what it shows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    review = models.ForeignKey(Review, models.PROTECT, related_name="chat_posts")
    app = models.ForeignKey(ChatApp, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=40)
    run = models.OneToOneField(OutcomeRun, models.PROTECT, related_name="chat_post")
    revision = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=80)
    # Empty: it only leads to the page.
    verdicts = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    # When the message was told that it asks no more.
    closed_at = models.DateTimeField(null=True)

    objects = ChatPostQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["run"], condition=Q(closed_at=None), name="chat_posts_that_ask")
        ]

    def __str__(self) -> str:
        return f"{self.review} at {self.app}"

    @property
    def message_id(self) -> str:
        """By which the service knows the message, once it was sent."""
        try:
            return json.loads(self.run.reply_excerpt).get("ts", "")
        except ValueError:
            return ""
