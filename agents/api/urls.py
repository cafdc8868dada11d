from django.urls import include, path, register_converter
from drf_spectacular.views import SpectacularAPIView

from agents.api import (
    attachments,
    case_calls,
    events,
    opinions,
    permits,
    problem_pages,
    reports,
    views,
)


class CasePath:
    """`case_…` has a converter of its own, so that no id can shadow a call such as `batch`."""

    regex = "case_[0-9A-Za-z]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CasePath, "case")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(api_version="v1"), name="api-schema"),
    path("docs/", views.docs, name="api-docs"),
    path("problems/<slug:slug>", problem_pages.page, name="api-problem"),
    path("v1/cases", views.CaseList.as_view(), name="api-case-list"),
    path("v1/cases/batch", views.CaseBatch.as_view(), name="api-case-batch"),
    path("v1/cases/<case:public_id>", views.CaseDetail.as_view(), name="api-case-detail"),
    path("v1/cases/<case:public_id>/messages", case_calls.CaseMessages.as_view()),
    path("v1/cases/<case:public_id>/proposals", case_calls.CaseProposals.as_view()),
    path("v1/cases/<case:public_id>/attachments", attachments.CaseAttachments.as_view()),
    path("v1/cases/<case:public_id>/cancel", case_calls.CaseCancel.as_view()),
    path("v1/cases/<case:public_id>/grant", case_calls.CaseGrant.as_view()),
    path("v1/cases/<case:public_id>/opinions", opinions.CaseOpinions.as_view()),
    path("v1/cases/<case:public_id>/events", events.CaseEvents.as_view(), name="api-case-events"),
    path(
        "v1/cases/<case:public_id>/receipt", reports.CaseReceipt.as_view(), name="api-case-receipt"
    ),
    path(
        "v1/cases/<case:public_id>/ground-truth",
        reports.CaseGroundTruth.as_view(),
        name="api-case-ground-truth",
    ),
    path("v1/feedback", reports.Feedback.as_view(), name="api-feedback"),
    path("v1/events", events.Events.as_view(), name="api-events"),
    path("v1/workflows", views.WorkflowList.as_view(), name="api-workflow-list"),
    path("v1/workflows/<slug:slug>", views.WorkflowDetail.as_view(), name="api-workflow-detail"),
    path("v1/permits/<str:nonce>/redeem", permits.PermitRedeem.as_view(), name="api-permit-redeem"),
    path("v1/", include("agents.api.people.urls")),
    path("v1/<path:anything>", views.NoSuchCall.as_view(), name="api-no-such-call"),
]
