from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class AbsenceQuerySet(models.QuerySet):
    def of(self, user: AbstractBaseUser) -> Self:
        return self.filter(user=user.pk)

    def now(self) -> Self:
        moment = timezone.now()
        return self.filter(starts_at__lte=moment, ends_at__gt=moment)

    def ahead(self) -> Self:
        """Under way or still to come."""
        return self.filter(ends_at__gt=timezone.now())

    def to_begin(self) -> Self:
        """Under way, and what the person held has not been passed on."""
        return self.now().filter(begun_at=None)


class Absence(models.Model):
    """Somebody is away: nothing is offered to them, and the delegate gets what they hold."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # When what the person held was passed on.
    begun_at = models.DateTimeField(null=True, editable=False)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="an_absence_has_a_length"
            ),
            models.CheckConstraint(
                condition=Q(delegate=None) | ~Q(delegate=F("user")), name="nobody_delegates_to_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"  # noqa: RUF001

    @property
    def is_under_way(self) -> bool:
        return self.starts_at <= timezone.now() < self.ends_at

    @property
    def last_day(self) -> object:
        """The day that people name: an absence "until Friday" ends when Saturday begins."""
        return timezone.localtime(self.ends_at - timedelta(microseconds=1)).date()
