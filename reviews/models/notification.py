from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reviews.models.case import Case


class NotificationQuerySet(models.QuerySet):
    def of(self, user: AbstractBaseUser) -> Self:
        return self.filter(user=user.pk)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def mark_read(self) -> int:
        return self.unread().update(read_at=timezone.now())


class Notification(models.Model):
    """Something that one person should know. Its words are made when it is read, in their
    language; what it holds is what happened, and to which case."""

    class Kind(models.TextChoices):
        ASSIGNED = "ASSIGNED", _("a case is handed or offered to me")
        MENTIONED = "MENTIONED", _("somebody mentions me")
        WARNED = "WARNED", _("a review of mine or my team is due soon")
        ESCALATED = "ESCALATED", _("a case is escalated to my team")
        FAILED = "FAILED", _("what I decided failed")
        BREAKER = "BREAKER", _("a breaker opens for my agent or my team's workflow")
        REVERSED = "REVERSED", _("what I decided was reversed")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind)
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", db_index=False)
    # Who did it; null for the clock.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    # When its mail is due; null when none is wanted, or when it has been written.
    mail_due_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notifications_of_a_person"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notifications_unread"),
            models.Index(
                fields=["mail_due_at"],
                condition=Q(mail_due_at__isnull=False),
                name="notifications_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.user}"
