"""People log in as Django has it; each request reads them together with their settings."""

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser


class PersonBackend(ModelBackend):
    def get_user(self, user_id: int) -> AbstractBaseUser | None:
        people = get_user_model()._default_manager.select_related("preferences")
        user = people.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
