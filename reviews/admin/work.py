"""Reviews, decisions and outcome runs: what people and workers did."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from reviews.admin.read_only import ReadOnlyAdmin, VerdictFilter, document
from reviews.models import Decision, OutcomeRun, Review


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
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
class DecisionAdmin(ReadOnlyAdmin):
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

    @admin.display(description=_("changes"))
    def shown_changes(self, decision: Decision) -> SafeString:
        return document(decision.changes)

    @admin.display(description=_("response"))
    def shown_response(self, decision: Decision) -> SafeString:
        return document(decision.response)


@admin.register(OutcomeRun)
class OutcomeRunAdmin(ReadOnlyAdmin):
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

    @admin.display(description=_("what"))
    def what(self, run: OutcomeRun) -> str:
        return str(run.rule) if run.rule_id else run.event

    @admin.display(description=_("headers (secrets by name)"))
    def shown_headers(self, run: OutcomeRun) -> SafeString:
        return document(run.headers)

    @admin.display(description=_("body, as it is sent"))
    def shown_body(self, run: OutcomeRun) -> str:
        return bytes(run.body).decode(errors="backslashreplace")
