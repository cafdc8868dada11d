"""Several reviews at once: chosen on a list, shown case by case, then done case by case."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from reviews import action as actions
from reviews.board import members
from reviews.forms import seconds_of
from reviews.history import name_of
from reviews.models import Review
from reviews.services import bulk, reassigning
from reviews.services.bulk import Act, Planned, Seen, Wish
from reviews.views.shell import note_undoable
from workflows.models import Queue

RESULT = "bulk_result"
TITLES = {
    Act.CLAIM: gettext_lazy("Take"),
    Act.RELEASE: gettext_lazy("Give back"),
    Act.APPROVE: gettext_lazy("Approve"),
    Act.REJECT: gettext_lazy("Reject"),
    Act.TAKE_BACK: gettext_lazy("Take back from who holds it"),
    Act.MOVE: gettext_lazy("Move to another queue"),
    Act.GIVE: gettext_lazy("Give to somebody"),
}


class WishForm(forms.Form):
    """What is to be done; the reviews themselves come beside it."""

    act = forms.ChoiceField(choices=[(act.value, act.value) for act in Act])
    back = forms.CharField(required=False)
    queue = forms.ModelChoiceField(
        Queue.objects.none(),
        required=False,
        label=gettext_lazy("To the queue"),
        empty_label=gettext_lazy("choose a queue"),
    )
    person = forms.ModelChoiceField(
        get_user_model().objects.none(),
        required=False,
        label=gettext_lazy("To whom"),
        empty_label=gettext_lazy("choose a person"),
    )
    reason_code = forms.ChoiceField(required=False, label=gettext_lazy("Reason"))
    message = forms.CharField(
        required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    active_seconds = forms.CharField(required=False, max_length=40)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST, auto_id="id_bulk_%s")
        self._user = request.user
        self.fields["queue"].queryset = reassigning.targets(request.user)
        led = Queue.objects.led_by(request.user).values("pk")
        self.fields["person"].queryset = members(led)
        self.fields["person"].label_from_instance = name_of
        # Whose reasons they are is only known once the reviews are; the service checks them.
        code = self.data.get("reason_code", "")
        self.fields["reason_code"].choices = [("", _("No reason chosen")), (code, code)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        act = Act(cleaned["act"]) if "act" in cleaned else None
        if act and act.is_for_leads and not self._user.has_perm("reviews.move_review"):
            raise PermissionDenied
        return cleaned

    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(
            act=Act(given["act"]),
            by=self._user,
            reason_code=given.get("reason_code", ""),
            message=given.get("message", "").replace("\r\n", "\n"),
            queue=given.get("queue"),
            person=given.get("person"),
            active_seconds=seconds_of(given.get("active_seconds", "")),
        )

    def offer_reasons(self, plans: Sequence[Planned]) -> None:
        """The reasons of all gates among the chosen, each once."""
        gates = [one.walk.stage.gate for one in plans if one.walk and not one.refused]
        codes = {code: label for gate in gates if gate for code, label in gate.reason_codes.items()}
        self.fields["reason_code"].choices = [("", _("No reason chosen")), *codes.items()]

    @property
    def lacks_target(self) -> bool:
        """Whether nobody has said yet where the work is to go."""
        targets = {Act.MOVE: "queue", Act.GIVE: "person"}
        name = targets.get(Act(self.cleaned_data["act"]))
        return name is not None and self.cleaned_data.get(name) is None

    @property
    def missing(self) -> str:
        """What a lead has to say before anything can be shown or done."""
        given = self.cleaned_data
        if self.lacks_target:
            return _("Choose where it goes.")
        if Act(given["act"]).is_for_leads and not given.get("message", "").strip():
            return _("Say why, in a few words.")
        return ""


@login_required
@require_POST
def bulk_preview(request: HttpRequest) -> HttpResponse:
    """What would happen to each of the chosen, and who would be refused and why."""
    form = WishForm(request)
    ids = _ids(request.POST.getlist("review"))
    problem = _unreadable(form, ids)
    if problem:
        messages.warning(request, problem)
        return _back(request)
    return _preview(request, form, ids)


@login_required
@require_POST
def bulk_do(request: HttpRequest) -> HttpResponse:
    """Each of those that the preview showed; a result for each."""
    form = WishForm(request)
    seen = [one for text in request.POST.getlist("seen") if (one := _seen(text))]
    ids = [one.review for one in seen]
    problem = _unreadable(form, ids)
    if problem:
        messages.warning(request, problem)
        return _back(request)
    if form.missing or form.errors:
        return _preview(request, form, ids, problem=form.missing)
    wish = form.wish()
    request.session[RESULT] = {
        "title": str(TITLES[wish.act]),
        "back": _safe(request),
        "rows": [
            {
                "case": done.review.case.public_id,
                "name": done.review.case.external_id or done.review.case.public_id,
                "words": done.words,
                "is_done": done.is_done,
            }
            for done in bulk.carry_out(seen, wish)
        ],
    }
    note_undoable(request)
    return redirect("bulk-result")


@login_required
@require_GET
def bulk_result(request: HttpRequest) -> HttpResponse:
    result = request.session.get(RESULT)
    if result is None:
        return redirect("queue-list")
    done = sum(row["is_done"] for row in result["rows"])
    context = {"result": result, "title": result["title"], "done": done}
    return render(request, "reviews/bulk_result.html", context)


def _preview(
    request: HttpRequest, form: WishForm, ids: list[UUID], *, problem: str = ""
) -> HttpResponse:
    wish = form.wish()
    plans = bulk.plan(_reviews(request, ids), wish)
    form.offer_reasons(plans)
    for one in plans:
        one.review.line = _arguments(one)
    context = {
        "title": TITLES[wish.act],
        "form": form,
        "act": wish.act,
        "problem": problem,
        "going": [one for one in plans if not one.refused],
        "staying": [one for one in plans if one.refused],
        "back": _safe(request),
    }
    return render(request, "reviews/bulk_preview.html", context, status=422 if problem else 200)


def _arguments(one: Planned) -> list[actions.Argument]:
    """The whole action, as the case page shows it: no verdict without it."""
    if one.walk is None or one.walk.proposal.action is None:
        return []
    action = one.walk.proposal.action
    known = one.walk.plan.actions.get(action["name"])
    return actions.arguments(action, known.fields if known else ())


def _reviews(request: HttpRequest, ids: list[UUID]) -> list[Review]:
    """In the order of the list; what somebody may not see is as if it were not there."""
    rows = Review.objects.visible_to(request.user).filter(pk__in=ids).in_order()
    return list(
        rows.select_related(
            "queue", "claimed_by", "case__agent", "case__release__workflow", "case__stage"
        ).prefetch_related("case__proposals", "case__visits")
    )


def _unreadable(form: WishForm, ids: list[UUID]) -> str:
    if not form.is_valid() and "act" in form.errors:
        return _("Choose what is to be done.")
    if not ids:
        return _("Choose at least one row first.")
    if len(ids) > bulk.MOST:
        return _("At most %d at once.") % bulk.MOST
    return ""


def _ids(texts: list[str]) -> list[UUID]:
    return list(dict.fromkeys(one for text in texts if (one := _id(text))))


def _id(text: str) -> UUID | None:
    try:
        return UUID(hex=text)
    except ValueError:
        return None


def _seen(text: str) -> Seen | None:
    """`review~revision~digest`, as the preview wrote it."""
    review, _tilde, rest = text.partition("~")
    revision, _tilde, digest = rest.partition("~")
    pk = _id(review)
    if pk is None:
        return None
    return Seen(pk, int(revision) if revision.isdecimal() else 0, digest)


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(_safe(request))


def _safe(request: HttpRequest) -> str:
    """Where the list was; never another site."""
    back = request.POST.get("back", "")
    allowed = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if allowed and back.startswith("/") else "/"
