import hashlib
import secrets
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class TokenScope(models.TextChoices):
    READ = "reviews:read", _("see what this person may see")
    WORK = "reviews:work", _("take reviews, give them back and pass them on")
    DECIDE = "reviews:decide", _("decide, and take decisions back")


class PersonalTokenQuerySet(models.QuerySet):
    def usable(self) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())

    def of_text(self, text: str) -> "PersonalToken | None":
        """The token with its person; whether it is usable is another question."""
        rows = self.select_related("user").filter(digest=digest_of(text))
        return rows.first()


class PersonalToken(models.Model):
    """A bearer token by which a program acts for one person: `hrp_<prefix>_<secret>`. It may
    never do more than they may themselves. Only SHA-256 of it is stored, which is enough for
    256 random bits."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="personal_tokens"
    )
    label = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=TokenScope))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = PersonalTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"hrp_{self.prefix}_…"

    @classmethod
    def make(cls, user: AbstractBaseUser, **fields: object) -> tuple[Self, str]:
        """The row and the token itself, which nobody can read again."""
        prefix = secrets.token_hex(4)
        text = f"hrp_{prefix}_{secrets.token_urlsafe(32)}"
        row = cls(user=user, prefix=prefix, digest=digest_of(text), **fields)
        row.save(force_insert=True)
        return row, text

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
