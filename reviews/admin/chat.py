from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from reviews.models import ChatIdentity
from reviews.services.presses import unlink


@admin.register(ChatIdentity)
class ChatIdentityAdmin(admin.ModelAdmin):
    """Made by people themselves, logged in; taken away here when somebody leaves."""

    list_display = ("user", "app", "name", "person", "created_at")
    list_select_related = ("user", "app")
    list_filter = ("app",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: ChatIdentity) -> None:
        unlink(obj, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for row in queryset.select_related("app", "user"):
            unlink(row, by=request.user)
