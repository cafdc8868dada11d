from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from workflows.admin.history import ShowsChanges
from workflows.admin.plain import PlainPage
from workflows.models import ChatApp, ChatChannel


@admin.register(ChatApp)
class ChatAppAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    """The secrets it names are written under Secrets and never shown."""

    list_display = ("label", "kind", "is_active", "presses_go_to")
    fields = ("kind", "label", "token", "signing_secret", "is_active", "presses_go_to")
    readonly_fields = ("presses_go_to",)

    @admin.display(description="Interactivity request URL")
    def presses_go_to(self, app: ChatApp) -> str:
        return f"/chat/{app.pk}/" if app.pk else "known once it is saved"

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        # What was posted names it; it is switched off instead.
        return False


@admin.register(ChatChannel)
class ChatChannelAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    list_display = ("queue", "app", "channel", "is_active")
    list_select_related = ("queue", "app")
    fields = ("queue", "app", "channel", "is_active")
