from uuid import UUID

from django.contrib.auth.views import LogoutView
from django.urls import path, register_converter

from reviews.models.case import case_id
from reviews.moving import VERBS
from reviews.views import (
    answers,
    attachments,
    auditing,
    board,
    bulk,
    cases,
    chat,
    claims,
    confirming,
    conversation,
    drafts,
    live,
    moves,
    notifications,
    parts,
    preferences,
    queues,
    saved_views,
    verdicts,
)


class PublicCaseId:
    """`case_` and 32 hex digits, as agents and pages name a case."""

    regex = "case_[0-9a-f]{32}"

    def to_python(self, value: str) -> UUID:
        return case_id(value)

    def to_url(self, value: UUID) -> str:
        return f"case_{value.hex}"


register_converter(PublicCaseId, "public_case")

urlpatterns = [
    path("login/", confirming.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("settings/", preferences.settings_edit, name="settings-edit"),
    path("settings/tokens/make/", preferences.token_make, name="token-make"),
    path("settings/tokens/<int:token_id>/revoke/", preferences.token_revoke, name="token-revoke"),
    path("notifications/", notifications.notification_list, name="notification-list"),
    path("notifications/bell/", notifications.bell, name="notification-bell"),
    path("notifications/read/", notifications.read, name="notification-read"),
    path("absences/plan/", preferences.absence_plan, name="absence-plan"),
    path("absences/<int:absence_id>/end/", preferences.absence_end, name="absence-end"),
    path("chat/<int:app_id>/", chat.chat_receive, name="chat-receive"),
    path("chat/link/<str:token>/", chat.chat_link, name="chat-link"),
    path("chat/unlink/<int:identity_id>/", chat.chat_unlink, name="chat-unlink"),
    path("", queues.queue_list, name="queue-list"),
    path("queues/<slug:slug>/", queues.queue_detail, name="queue-detail"),
    path("rail/", live.rail_detail, name="rail"),
    path("board/", board.board_detail, name="board"),
    path("together/", bulk.bulk_preview, name="bulk-preview"),
    path("together/do/", bulk.bulk_do, name="bulk-do"),
    path("together/result/", bulk.bulk_result, name="bulk-result"),
    path("views/", saved_views.view_save, name="view-save"),
    path("views/<int:view_id>/", saved_views.view_open, name="view-open"),
    path("views/<int:view_id>/delete/", saved_views.view_delete, name="view-delete"),
    path("next/", claims.review_peek, name="review-peek"),
    path("claim-next/", claims.review_next, name="review-next"),
    path("cases/<public_case:case_id>/", cases.case_detail, name="case-detail"),
    path(
        "cases/<public_case:case_id>/files/<uuid:file_id>/",
        attachments.attachment_open,
        name="attachment-open",
    ),
    path(
        "cases/<public_case:case_id>/files/<uuid:file_id>/read/",
        attachments.attachment_read,
        name="attachment-read",
    ),
    path("cases/<public_case:case_id>/part/", parts.case_part, name="case-part"),
    path("leaving/", parts.leaving, name="leaving"),
    path("cases/<public_case:case_id>/follow/", cases.case_follow, name="case-follow"),
    path("reviews/<uuid:review_id>/claim/", claims.review_claim, name="review-claim"),
    path("reviews/<uuid:review_id>/release/", claims.review_release, name="review-release"),
    path("reviews/<uuid:review_id>/renew/", claims.review_renew, name="review-renew"),
    path("reviews/<uuid:review_id>/draft/", drafts.review_draft, name="review-draft"),
    path("reviews/<uuid:review_id>/answer/", answers.review_answer, name="review-answer"),
    path("reviews/<uuid:review_id>/audit/", auditing.review_audit, name="review-audit"),
    path("reviews/<uuid:review_id>/preview/", verdicts.review_preview, name="review-preview"),
    path("reviews/<uuid:review_id>/rearrange/", verdicts.review_rearrange, name="review-rearrange"),
    path("reviews/<uuid:review_id>/decide/", verdicts.review_decide, name="review-decide"),
    *(
        path(
            f"reviews/<uuid:review_id>/{verb}/", moves.review_move, {"verb": verb}, f"review-{verb}"
        )
        for verb in VERBS
    ),
    path("reviews/<uuid:review_id>/wake/", moves.review_wake, name="review-wake"),
    path("cases/<public_case:case_id>/notes/", conversation.case_note, name="case-note"),
    path("cases/<public_case:case_id>/resume/", moves.case_resume, name="case-resume"),
    path("cases/<public_case:case_id>/reverse/", moves.case_reverse, name="case-reverse"),
    path("cases/<public_case:case_id>/undo/", moves.case_undo, name="case-undo"),
]
