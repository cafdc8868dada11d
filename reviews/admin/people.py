"""People, groups, teams and queues: who may do what, with every change on record."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from reviews.services.people import OUR_APPS, Rights, record_rights
from workflows.admin import places
from workflows.admin.plain import PlainPage
from workflows.models import Queue, Team


class RecordsRights:
    """Compares the rights that hang on a row before and after each edit."""

    def rights(self, row: models.Model) -> Rights:
        raise NotImplementedError

    def _stored_rights(self, pk: Any) -> Rights:
        row = self.model._default_manager.filter(pk=pk).first() if pk else None
        return self.rights(row) if row is not None else {}

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: Any) -> None:
        request.rights_before = self._stored_rights(obj.pk)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        row = form.instance
        record_rights(
            row, by=request.user, before=request.rights_before, after=self._stored_rights(row.pk)
        )

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        record_rights(obj, by=request.user, before=self._stored_rights(obj.pk), after={})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for row in queryset:
            self.delete_model(request, row)


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(RecordsRights, PlainPage, DjangoUserAdmin):
    """Permissions come by groups; what gives more rights is for superusers to give."""

    filter_horizontal = ()
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    def formfield_for_manytomany(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> forms.Field:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.help_text = _("Each group brings its permissions.")
        return field

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        dates = ("last_login", "date_joined")
        if request.user.is_superuser:
            return dates
        return (*dates, "is_staff", "is_superuser", "groups")

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or request.user.is_superuser or not obj.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        # Their decisions stand under their name: people leave by "active" off.
        return False

    def rights(self, row: User) -> Rights:
        return {
            "active": row.is_active,
            "staff": row.is_staff,
            "superuser": row.is_superuser,
            "groups": sorted(row.groups.values_list("name", flat=True)),
        }


@admin.register(Group)
class GroupAdmin(RecordsRights, PlainPage, DjangoGroupAdmin):
    filter_horizontal = ()

    def formfield_for_manytomany(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> forms.Field:
        """Checkboxes, and only for what somebody can meet here."""
        kwargs |= {"queryset": _permissions(), "widget": forms.CheckboxSelectMultiple}
        return admin.ModelAdmin.formfield_for_manytomany(self, db_field, request, **kwargs)

    def rights(self, row: Group) -> Rights:
        return {"permissions": sorted(row.permissions.values_list("codename", flat=True))}


def _permissions() -> models.QuerySet[Permission]:
    ours = Permission.objects.filter(content_type__app_label__in=OUR_APPS)
    # The tables that keep the history of settings are written by the database alone.
    return ours.exclude(content_type__model__endswith="event").select_related("content_type")


@admin.register(Team)
class TeamAdmin(RecordsRights, places.TeamAdmin):
    def rights(self, row: Team) -> Rights:
        members = row.memberships.values_list("user_id", "role")
        return {"members": sorted(f"user:{user} {role}" for user, role in members)}


@admin.register(Queue)
class QueueAdmin(RecordsRights, places.QueueAdmin):
    def rights(self, row: Queue) -> Rights:
        return {
            "teams": sorted(row.teams.values_list("slug", flat=True)),
            "skills": sorted(row.skills.values_list("name", flat=True)),
        }
