from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from reviews.admin.case_steps import steps_of
from reviews.admin.read_only import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    VerdictFilter,
    Withholding,
    document,
)
from reviews.models import Case, Decision, OutcomeRun, Visit
from reviews.models.case import case_id
from workflows.wording import grouped


class VisitInline(ReadOnlyInline):
    model = Visit
    show_change_link = False
    fields = ("number", "stage", "revision", "arrived_on", "outcome", "entered_at", "left_at")
    verbose_name_plural = _("its walk")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).select_related("stage")


class DecisionInline(ReadOnlyInline):
    model = Decision
    fields = ("verdict", "by", "reviewer", "standing", "revision", "created_at")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).select_related("reviewer")


class OutcomeRunInline(ReadOnlyInline):
    model = OutcomeRun
    fields = ("kind", "rule", "event", "state", "attempts", "last_status", "finished_at")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).select_related("rule")


@admin.register(Case)
class CaseAdmin(Withholding, ReadOnlyAdmin):
    """Subject and summary may be personal: they stand on the case's page, never in the list."""

    case_path = "pk"
    list_display = (
        "public_id",
        "workflow",
        "agent",
        "state",
        "lane",
        "verdict",
        "amount",
        "created_at",
    )
    list_select_related = ("release__workflow", "agent")
    list_filter = ("state", "lane", VerdictFilter, "agent", "release__workflow")
    search_fields = ("external_id__exact",)
    search_help_text = _("A case id (case_…) or the exact external id.")
    change_form_template = "admin/reviews/case/change_form.html"
    inlines = (VisitInline, DecisionInline, OutcomeRunInline)
    fieldsets = (
        (None, {"fields": ("public_id", "pages", "release", "agent", "agent_version")}),
        (_("What it is about"), {"fields": ("external_id", "subject", "summary", "shown_data")}),
        (
            _("What the rules looked at"),
            {
                "fields": (
                    ("confidence", "risk_score"),
                    ("amount", "category"),
                    "risk_categories",
                    ("cannot_proceed", "cannot_proceed_reason"),
                )
            },
        ),
        (
            _("Where it is"),
            {
                "fields": (
                    ("state", "stage", "verdict"),
                    ("lane", "label_propensity", "audit_selected"),
                    ("created_at", "due_at", "decided_at", "closed_at"),
                    ("wrong", "active_seconds"),
                )
            },
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        return [*steps_of(self), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        found = _case_id(search_term.strip())
        if found is not None:
            return queryset.filter(pk=found), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_("case"))
    def public_id(self, case: Case) -> str:
        return case.public_id

    @admin.display(description=_("workflow"))
    def workflow(self, case: Case) -> str:
        return str(case.release.workflow)

    @admin.display(description=_("amount"))
    def amount(self, case: Case) -> str:
        return "" if case.value is None else f"{grouped(case.value)} {case.currency}".rstrip()

    @admin.display(description=_("data"))
    def shown_data(self, case: Case) -> SafeString:
        return document(case.data)

    @admin.display(description=_("see also"))
    def pages(self, case: Case) -> SafeString:
        record = reverse("admin:reviews_auditentry_changelist")
        links = [
            (reverse("case-detail", args=[case.pk]), _("the case as reviewers see it")),
            (f"{record}?case__id__exact={case.pk}", _("its audit entries")),
            (reverse("admin:reviews_case_hold", args=[case.pk]), _("place a legal hold…")),
            (reverse("admin:reviews_case_erase", args=[case.pk]), _("erase what was written…")),
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', links)


def _case_id(text: str) -> UUID | None:
    try:
        return case_id(text)
    except ValueError:
        return None
