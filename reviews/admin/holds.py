from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.admin.read_only import ReadOnlyAdmin
from reviews.admin.steps import Step, Why, take
from reviews.models import Erasure, LegalHold
from reviews.services.legal_holds import lift_hold, place_hold
from workflows.models import Workflow


class OnWorkflow(Why):
    workflow = forms.ModelChoiceField(Workflow.objects.all())
    field_order = ("workflow", "reason")


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    """Over a case it is placed from the case's page; over a workflow from here."""

    list_display = ("__str__", "placed_at", "placed_by", "lifted_at", "lifted_by")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter),)
    list_select_related = ("case", "workflow", "placed_by", "lifted_by")
    fields = (
        "case",
        "workflow",
        "reason",
        ("placed_by", "placed_at"),
        ("lifted_by", "lifted_at"),
        "lift_reason",
        "lift",
    )
    change_list_template = "admin/reviews/legalhold/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("place/", wrap(self.place_view), name="reviews_legalhold_place"),
            path("<int:pk>/lift/", wrap(self.lift_view), name="reviews_legalhold_lift"),
            *super().get_urls(),
        ]

    def place_view(self, request: HttpRequest) -> HttpResponse:
        self._permit(request)
        step = Step(
            title=_("Place a legal hold on a workflow"),
            explanation=_("Nothing of any of its cases is erased until the hold is lifted."),
            button=_("Place the hold"),
            run=lambda row, *, by, workflow, reason: str(
                place_hold(workflow, by=by, reason=reason)
            ),
            form=OnWorkflow,
        )
        return take(step, request, admin=self, row=None, back=_list())

    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._permit(request)
        hold = self.get_object(request, str(pk))
        if hold is None:
            raise Http404
        step = Step(
            title=_("Lift the %(hold)s") % {"hold": hold},
            explanation=_("What was kept long enough is erased again, and what is asked for."),
            button=_("Lift the hold"),
            run=_lift,
            form=Why,
            is_grave=True,
        )
        return take(step, request, admin=self, row=hold, back=_list())

    def _permit(self, request: HttpRequest) -> None:
        if not request.user.has_perm("reviews.hold_case"):
            raise PermissionDenied

    @admin.display(description=gettext_lazy("what can be done"))
    def lift(self, hold: LegalHold) -> SafeString | str:
        if hold.lifted_at:
            return ""
        address = reverse("admin:reviews_legalhold_lift", args=[hold.pk])
        return format_html('<a href="{}">{}</a>', address, _("Lift it"))


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ("case", "cause", "by", "erased_at")
    list_filter = ("cause", ("erased_at", admin.DateFieldListFilter))
    list_select_related = ("case", "by")
    fields = ("case", "cause", "reason", ("by", "erased_at"))


def _lift(hold: models.Model, *, by: Any, reason: str) -> str:
    return _("Lifted: %(hold)s.") % {"hold": lift_hold(hold, by=by, reason=reason)}


def _list() -> str:
    return reverse("admin:reviews_legalhold_changelist")
