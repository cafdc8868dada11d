"""People log in as Django has it; each request reads them together with their settings and with
how much they have not read, so that no page asks for either, and what they may do in one look."""

from typing import Final

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import IntegerField
from django.db.models.expressions import RawSQL

from workflows import prepared

# Nobody cares how many beyond that, and counting a flood takes time.
MOST_UNREAD: Final = 100
UNREAD: Final = """(SELECT count(*) FROM (
    SELECT FROM reviews_notification notice
    WHERE notice.user_id = auth_user.id AND notice.read_at IS NULL LIMIT %s) unread)"""

PERMISSIONS: Final = """
SELECT type.app_label || '.' || permission.codename
FROM auth_permission permission
JOIN django_content_type type ON type.id = permission.content_type_id
WHERE permission.id IN (
    SELECT permission_id FROM auth_user_user_permissions WHERE user_id = $1
    UNION ALL
    SELECT permission_id FROM auth_group_permissions
    JOIN auth_user_groups USING (group_id) WHERE user_id = $1)
"""


class PersonBackend(ModelBackend):
    def get_user(self, user_id: int) -> AbstractBaseUser | None:
        people = get_user_model()._default_manager.select_related("preferences")
        unread = RawSQL(UNREAD, [MOST_UNREAD], output_field=IntegerField())
        user = people.annotate(unread=unread).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: AbstractBaseUser, obj: object = None) -> set[str]:
        """Those of the person and of their groups, which Django asks for one after the other."""
        if not user_obj.is_active or user_obj.is_superuser or obj is not None:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = {name for (name,) in prepared.fetch(PERMISSIONS, user_obj.pk)}
        return user_obj._perm_cache
