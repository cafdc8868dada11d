"""What happened is looked at here and never edited, whatever rights a person has."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from reviews.models import Case
from workflows.admin.fields import pretty
from workflows.models import Gate

COUNTED = 10_000
STYLE = "workflows/story.css"


class CappedPaginator(Paginator):
    """Counts to a limit: nobody pages through a million rows, and counting them takes seconds."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNTED].count()


class NeverEdited:
    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(NeverEdited, admin.ModelAdmin):
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    # An order that no index gives would sort the whole table.
    sortable_by = ()

    class Media:
        css = {"all": (STYLE,)}


class Withholding:
    """Leaves out what a person may not read before they have answered a case themselves; the
    case's page, where they answer, leads on."""

    case_path = "case"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        withheld = Case.objects.withheld_from(request.user).values("pk")
        return super().get_queryset(request).exclude(**{f"{self.case_path}__in": withheld})


class VerdictFilter(admin.SimpleListFilter):
    """A fixed list: asking the table for its values would read all of it."""

    title = parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return Gate.Verdict.choices

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        return queryset.filter(verdict=self.value()) if self.value() else queryset


class ReadOnlyInline(NeverEdited, admin.TabularInline):
    template = "admin/read_only_inline.html"
    extra = 0
    can_delete = False
    show_change_link = True

    class Media:
        css = {"all": (STYLE,)}

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> Sequence[str]:
        return self.fields


def document(value: Any) -> SafeString:
    """JSON on several lines; always escaped."""
    return format_html('<pre class="code">{}</pre>', pretty(value))
