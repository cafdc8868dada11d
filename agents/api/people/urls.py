from django.urls import path, register_converter

from agents.api.people import views


class ReviewPath:
    """As `case_…`: no id can shadow a call such as `claim-next`."""

    regex = "review_[0-9A-Za-z]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReviewPath, "review")

VERBS = {
    "claim": views.ReviewClaim,
    "renew": views.ReviewRenew,
    "release": views.ReviewRelease,
    "answer": views.ReviewAnswer,
    "decide": views.ReviewDecide,
    "undo": views.ReviewUndo,
    "ask-agent": views.ReviewAskAgent,
    "escalate": views.ReviewEscalate,
    "hand-over": views.ReviewHandOver,
    "snooze": views.ReviewSnooze,
    "skip": views.ReviewSkip,
}
urlpatterns = [
    path("reviews", views.ReviewList.as_view(), name="api-review-list"),
    path("reviews/claim-next", views.ReviewClaimNext.as_view(), name="api-review-claim-next"),
    path("reviews/<review:public_id>", views.ReviewDetail.as_view(), name="api-review-detail"),
    *(
        path(f"reviews/<review:public_id>/{verb}", view.as_view(), name=f"api-review-{verb}")
        for verb, view in VERBS.items()
    ),
]
