import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews import audit
from reviews.admin.exports import TYPES, export
from reviews.admin.read_only import ReadOnlyAdmin, Withholding, document
from reviews.audit import GENESIS, link
from reviews.history import SENTENCES, lines_of
from reviews.models import AuditEntry
from reviews.models.case import case_id

LONGEST_FILTERS = 500


class InWords(ChangeList):
    """Each entry of the page with its line of the history, read for all of them at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        for entry, line in zip(self.result_list, lines_of(self.result_list), strict=True):
            entry.line = line


class ChainFilter(admin.SimpleListFilter):
    title = gettext_lazy("what it is about")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[Any]:
        return [
            ("case", gettext_lazy("Cases")),
            ("workflow", gettext_lazy("Workflows")),
            ("agent", gettext_lazy("Agents")),
            ("site", gettext_lazy("The site")),
        ]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        return queryset.filter(chain__startswith=self.value()) if self.value() else queryset


class ActorFilter(admin.SimpleListFilter):
    title = gettext_lazy("who")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[Any]:
        return [
            ("user", gettext_lazy("People")),
            ("agent", gettext_lazy("Agents")),
            ("system", gettext_lazy("Handrail")),
        ]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        return queryset.filter(actor__startswith=self.value()) if self.value() else queryset


class EventFilter(admin.SimpleListFilter):
    """A fixed list: asking the table for its values would read all of it."""

    title = gettext_lazy("event")
    parameter_name = "event"
    template = "admin/choose_filter.html"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[Any]:
        return [(event, event) for event in sorted(SENTENCES)]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        return queryset.filter(event=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(Withholding, ReadOnlyAdmin):
    """One link of a chain, with the links beside it."""

    list_display = ("at", "who", "what", "about", "position")
    list_filter = (ChainFilter, ActorFilter, EventFilter, ("at", admin.DateFieldListFilter))
    ordering = ("-id",)
    search_fields = ("chain__exact", "event__exact", "actor__exact")
    search_help_text = gettext_lazy(
        "An exact chain (case:…, workflow:1, site), case_…, event or actor (user:5)."
    )
    fields = (
        ("chain", "position"),
        ("event", "actor", "at"),
        "shown_body",
        "shown_hash",
        "neighbours",
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        address = path("export/<slug:kind>/", view, name="reviews_auditentry_export")
        return [address, *super().get_urls()]

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """What the list shows with these filters, all of it; who took it is on record."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in TYPES:
            raise Http404
        try:
            entries = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters as error:
            raise Http404 from error
        asked = {"format": kind, "filters": request.GET.urlencode()[:LONGEST_FILTERS]}
        with transaction.atomic():
            audit.record("site", audit.Event("record.exported", audit.by_user(request.user), asked))
        return export(entries, kind=kind)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return InWords

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "case__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """A chain is found by its index; events and actors by reading the table."""
        term = search_term.strip()
        if term.startswith("case_"):
            term = _chain_of(term)
        if term == "site" or term.startswith(("case:", "workflow:")):
            return queryset.filter(chain=term), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=gettext_lazy("who"))
    def who(self, entry: AuditEntry) -> str:
        return entry.line.who

    @admin.display(description=gettext_lazy("did what"))
    def what(self, entry: AuditEntry) -> str:
        return entry.line.what

    @admin.display(description=gettext_lazy("about"))
    def about(self, entry: AuditEntry) -> SafeString | str:
        if entry.case_id is None:
            return entry.chain
        address = reverse("case-detail", args=[entry.case_id])
        return format_html('<a href="{}">case …{}</a>', address, entry.case_id.hex[-8:])

    @admin.display(description=gettext_lazy("content, as it was hashed"))
    def shown_body(self, entry: AuditEntry) -> SafeString | str:
        return document(_content(entry))

    @admin.display(description=gettext_lazy("hash"))
    def shown_hash(self, entry: AuditEntry) -> str:
        before = _beside(entry, -1)
        previous = bytes(before.hash) if before else GENESIS if entry.position == 1 else None
        digest = bytes(entry.hash).hex()
        if previous is not None and link(previous, bytes(entry.body)) == bytes(entry.hash):
            return _("%(digest)s — follows from the entry before it") % {"digest": digest}
        return _("%(digest)s — does NOT follow from the entry before it") % {"digest": digest}

    @admin.display(description=gettext_lazy("beside it"))
    def neighbours(self, entry: AuditEntry) -> SafeString | str:
        links = [_link(_beside(entry, -1), "←"), _link(_beside(entry, 1), "→")]
        return format_html("{} {}", *links)


def _chain_of(public_id: str) -> str:
    try:
        return f"case:{case_id(public_id).hex}"
    except ValueError:
        return public_id


def _beside(entry: AuditEntry, step: int) -> AuditEntry | None:
    return AuditEntry.objects.filter(chain=entry.chain, position=entry.position + step).first()


def _link(entry: AuditEntry | None, arrow: str) -> SafeString | str:
    if entry is None:
        return ""
    address = reverse("admin:reviews_auditentry_change", args=[entry.pk])
    return format_html('<a href="{}">{} {} {}</a>', address, arrow, entry.position, entry.event)


def _content(entry: AuditEntry) -> Any:
    try:
        return json.loads(bytes(entry.body))
    except ValueError:
        return bytes(entry.body).decode(errors="backslashreplace")
