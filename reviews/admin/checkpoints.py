from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from reviews import audit
from reviews.admin.exports import sent
from reviews.admin.read_only import ReadOnlyAdmin, document
from reviews.models import Checkpoint, OutcomeRun
from reviews.services import checkpoints
from reviews.services.record import record_lines


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    """How far the record is covered, and where each checkpoint went."""

    list_display = ("number", "created_at", "size", "shown_root", "key")
    fields = (
        ("number", "created_at", "size"),
        "shown_root",
        "key",
        "shown_statement",
        "shown_signature",
        "places",
    )
    search_fields = ("number__exact",)
    search_help_text = _("The number of a checkpoint.")
    change_list_template = "admin/reviews/checkpoint/change_list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"state": checkpoints.state()})

    def get_urls(self) -> list[URLPattern]:
        view = require_POST(self.admin_site.admin_view(self.record_view))
        return [path("record/", view, name="reviews_checkpoint_record"), *super().get_urls()]

    def record_view(self, request: HttpRequest) -> HttpResponse:
        """All of it, for the standalone verifier; who took it is on record."""
        if not request.user.has_perm("reviews.export_record"):
            raise PermissionDenied
        taken = {"format": "with checkpoints"}
        with transaction.atomic():
            event = audit.Event("record.exported", audit.by_user(request.user), taken)
            audit.record("site", event)
        return sent(record_lines(), kind="jsonl")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        if search_term.strip().isdecimal():
            return queryset.filter(number=min(int(search_term), 2**63 - 1)), False
        return (queryset.none() if search_term.strip() else queryset), False

    @admin.display(description=_("root"))
    def shown_root(self, checkpoint: Checkpoint) -> SafeString:
        return format_html("<code>{}</code>", bytes(checkpoint.root).hex())

    @admin.display(description=_("statement, as it was signed"))
    def shown_statement(self, checkpoint: Checkpoint) -> SafeString:
        return document(checkpoint.content)

    @admin.display(description=_("signature"))
    def shown_signature(self, checkpoint: Checkpoint) -> SafeString:
        return format_html("<code>{}</code>", checkpoints.signed(checkpoint)["signature"])

    @admin.display(description=_("published"))
    def places(self, checkpoint: Checkpoint) -> str:
        keys = [f"checkpoint-{checkpoint.number}-{place}" for place in ("store", "webhook")]
        runs = OutcomeRun.objects.filter(idempotency_key__in=keys).order_by("idempotency_key")
        said = [f"{run.url}: {run.get_state_display()} {run.last_error}".strip() for run in runs]
        return ", ".join(said) or str(_("nowhere"))
