from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from reviews.models.notification import Notification


def all_kinds() -> list[str]:
    return list(Notification.Kind.values)


class UserSettings(models.Model):
    """How one person wants to work here. Who never opened the page has the defaults."""

    class Density(models.TextChoices):
        COMFORTABLE = "COMFORTABLE", _("comfortable")
        COMPACT = "COMPACT", _("compact")

    class Theme(models.TextChoices):
        AUTO = "auto", _("as the system")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    class Rhythm(models.TextChoices):
        NEVER = "NEVER", _("never")
        AT_ONCE = "AT_ONCE", _("at once")
        HOURLY = "HOURLY", _("every hour, together")
        DAILY = "DAILY", _("every morning, together")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences", primary_key=True
    )
    # Empty: the site's zone, and the language that the browser asks for.
    time_zone = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=10, blank=True)
    density = models.CharField(max_length=12, choices=Density, default=Density.COMFORTABLE)
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.AUTO)
    single_keys = models.BooleanField(default=True)
    # Action to key, for the actions that have another than their own (reviews/keys.py).
    keys = models.JSONField(default=dict)
    mail_rhythm = models.CharField(max_length=8, choices=Rhythm, default=Rhythm.DAILY)
    mail_kinds = ArrayField(
        models.CharField(max_length=10, choices=Notification.Kind), default=all_kinds, blank=True
    )

    class Meta:
        verbose_name_plural = "user settings"

    def __str__(self) -> str:
        return str(self.user)

    @classmethod
    def of(cls, user: AbstractBaseUser) -> Self:
        """The person's own, or the defaults; no query where the user was read with them."""
        try:
            return user.preferences
        except cls.DoesNotExist:
            return cls(user=user)
