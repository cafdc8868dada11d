import json
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.admin.read_only import ReadOnlyAdmin, document
from reviews.audit import GENESIS, link
from reviews.models import AuditEntry
from reviews.models.case import case_id


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """One link of a chain, with the links beside it."""

    list_display = ("at", "chain", "position", "event", "actor")
    list_filter = (("case", admin.EmptyFieldListFilter),)
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
