from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from reviews.models import Target
from workflows.admin.plain import PlainPage


@admin.register(Target)
class TargetAdmin(PlainPage, admin.ModelAdmin):
    """Hosts with a limit, and hosts that failed."""

    list_display = ("host", "per_minute", "failures", "open_until")
    search_fields = ("host",)
    fields = ("host", "per_minute", "failures", "open_until")
    readonly_fields = ("failures", "open_until")

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        return ("host", *self.readonly_fields) if obj else self.readonly_fields
