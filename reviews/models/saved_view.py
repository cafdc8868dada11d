from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Q

from workflows.models import Team


class SavedViewQuerySet(models.QuerySet):
    def of(self, user: AbstractBaseUser) -> Self:
        return self.filter(owner=user.pk)

    def visible_to(self, user: AbstractBaseUser) -> Self:
        """One's own, and those that others share with a team one is in."""
        teams = Team.objects.filter(members=user.pk)
        return self.filter(Q(owner=user.pk) | Q(team__in=teams))


class SavedView(models.Model):
    """A narrowed queue page under a name. `query` is the page's own query string, so that a
    view is an address that anybody may open: what they see there is theirs to see anyway."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views", db_index=False
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="a_view_once_a_person")
        ]

    def __str__(self) -> str:
        return self.name
