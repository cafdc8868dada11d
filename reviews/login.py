"""People log in as Django has it; each request reads them together with their settings and with
how much they have not read, so that no page asks for either."""

from typing import Final

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import IntegerField
from django.db.models.expressions import RawSQL

# Nobody cares how many beyond that, and counting a flood takes time.
MOST_UNREAD: Final = 100
UNREAD: Final = """(SELECT count(*) FROM (
    SELECT FROM reviews_notification notice
    WHERE notice.user_id = auth_user.id AND notice.read_at IS NULL LIMIT %s) unread)"""


class PersonBackend(ModelBackend):
    def get_user(self, user_id: int) -> AbstractBaseUser | None:
        people = get_user_model()._default_manager.select_related("preferences")
        unread = RawSQL(UNREAD, [MOST_UNREAD], output_field=IntegerField())
        user = people.annotate(unread=unread).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
