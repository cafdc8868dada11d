from typing import Self

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from workflows.models.qualification import Qualification


class SkillQuerySet(models.QuerySet):
    def missing_to(self, user: AbstractBaseUser, *, queue: models.Model) -> Self:
        """The names of what the queue asks and this person cannot show today."""
        held = Qualification.objects.current().filter(user=user.pk).values("skill")
        return self.filter(queues=queue).exclude(pk__in=held).values_list("name", flat=True)


@pghistory.track()
class Skill(models.Model):
    """What a queue may ask of people: a language, a training, a licence."""

    name = models.CharField(max_length=80, unique=True)

    objects = SkillQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
