"""Reviews, decisions and outcome runs: what people and workers did."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from reviews.admin import feedback
from reviews.admin.read_only import ReadOnlyAdmin, VerdictFilter, Withholding, document
from reviews.admin.steps import Step, take
from reviews.models import Decision, OutcomeRun, Review
from reviews.services.dead_letters import send_again


@admin.register(Review)
class ReviewAdmin(Withholding, ReadOnlyAdmin):
    list_display = ("case", "queue", "kind", "state", "priority", "due_at", "claimed_by")
    list_select_related = ("case", "queue", "claimed_by")
    list_filter = ("state", "kind", "queue")
    search_fields = ("case__external_id__exact",)
    fields = (
        "case",
        ("queue", "kind", "state"),
        "revision",
        "shown_reasons",
        ("priority", "due_at"),
        ("claimed_by", "claimed_at", "lease_expires_at"),
        ("created_at", "closed_at"),
        "follows",
    )

    @admin.display(description=_("why a person is asked"))
    def shown_reasons(self, review: Review) -> SafeString:
        return document(review.reasons)


@admin.register(Decision)
class DecisionAdmin(Withholding, ReadOnlyAdmin):
    list_display = ("case", "verdict", "by", "reviewer", "standing", "reason_code", "created_at")
    list_select_related = ("case", "reviewer")
    list_filter = (VerdictFilter, "by", "standing")
    search_fields = ("case__external_id__exact", "reviewer__username__exact")
    fields = (
        "case",
        ("verdict", "by", "reviewer"),
        ("standing", "supersedes"),
        ("reason_code", "message"),
        "shown_changes",
        "shown_response",
        ("revision", "digest"),
        ("active_seconds", "created_at"),
    )
    change_list_template = "admin/reviews/decision/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        return [feedback.page_of(self), *super().get_urls()]

    @admin.display(description=_("changes"))
    def shown_changes(self, decision: Decision) -> SafeString:
        return document(decision.changes)

    @admin.display(description=_("response"))
    def shown_response(self, decision: Decision) -> SafeString:
        return document(decision.response)


@admin.register(OutcomeRun)
class OutcomeRunAdmin(Withholding, ReadOnlyAdmin):
    """What left the house. Dead letters are those of the kind webhook that have FAILED."""

    list_display = ("case", "what", "state", "attempts", "next_attempt_at", "last_status")
    list_select_related = ("case", "rule")
    list_filter = ("state", "kind")
    search_fields = ("case__external_id__exact", "idempotency_key__exact")
    fields = (
        "case",
        "what",
        ("state", "attempts", "last_status"),
        ("created_at", "next_attempt_at", "running_until", "finished_at"),
        "idempotency_key",
        ("method", "url"),
        "shown_headers",
        "shown_body",
        "digest",
        "last_error",
        "reply_excerpt",
    )
    change_form_template = "admin/reviews/outcomerun/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.send_again_view)
        return [
            path("<uuid:pk>/send-again/", view, name="reviews_outcomerun_send_again"),
            *super().get_urls(),
        ]

    def send_again_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.get_object(request, str(pk))
        if run is None:
            raise Http404
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        back = reverse("admin:reviews_outcomerun_change", args=[pk])
        return take(SEND_AGAIN, request, admin=self, row=run, back=back)

    @admin.display(description=_("what"))
    def what(self, run: OutcomeRun) -> str:
        return str(run.rule) if run.rule_id else run.event

    @admin.display(description=_("headers (secrets by name)"))
    def shown_headers(self, run: OutcomeRun) -> SafeString:
        return document(run.headers)

    @admin.display(description=_("body, as it is sent"))
    def shown_body(self, run: OutcomeRun) -> str:
        return bytes(run.body).decode(errors="backslashreplace")


def _send_again(run: OutcomeRun, *, by: Any) -> str:
    send_again(run, by=by)
    return _("“%(event)s” is in line again.") % {"event": run.event}


SEND_AGAIN = Step(
    title=_("Send this message again"),
    explanation=_(
        "It keeps its id, so that a receiver that has it already can tell; if it fails, it is "
        "tried again as at first."
    ),
    button=_("Send again"),
    run=_send_again,
)
