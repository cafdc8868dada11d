"""How a person wants to work: theirs alone, so nothing of it is on the record."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from reviews.models import UserSettings


def save_preferences(user: AbstractBaseUser, **values: Any) -> UserSettings:
    row, _made = UserSettings.objects.update_or_create(user=user, defaults=values)
    return row
