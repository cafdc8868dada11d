from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from reviews import action as actions
from reviews.editor import Unreadable, focus_after, rearranged
from reviews.forms import VerdictForm
from reviews.history import verdict_done
from reviews.models import Case, Decision, Proposal, Review
from reviews.services import verdicts
from reviews.services.decisions import NotYours, StaleProposal, decide_review
from reviews.services.drafts import forget_draft
from reviews.services.preview import preview
from reviews.services.verdicts import Answer, InvalidVerdict
from reviews.views.answer_form import AnswerForm
from reviews.views.case_page import CasePage, response_fields
from reviews.views.cases import render_case
from reviews.views.confirming import confirmed_at, refusal
from reviews.views.going_on import about, go_on, wants_next
from reviews.views.shell import note_undoable


@login_required
@require_http_methods(["GET", "POST"])
def review_decide(request: HttpRequest, review_id: UUID) -> HttpResponse:
    review = _visible(request, review_id)
    if request.method == "GET":
        # Whoever had to log in again comes back by this address, without what they sent.
        return redirect("case-detail", review.case_id)
    page = _page_of(review, request)
    data = _bound(page, request.POST)
    page.form = form = page.make_form(data)
    if not form.is_valid():
        return render_case(request, page, status=422)
    password = form.cleaned_data["password"]
    if password and (why_not := refusal(request, password)):
        form.add_error("password", why_not)
        return render_case(request, page, status=422)
    try:
        decision = _decide(review, request, form, changes=_answered(page, form))
    except InvalidVerdict as error:
        form.explain(error.problems)
        return render_case(request, page, status=422)
    except (NotYours, StaleProposal) as error:
        page = typed_again(_page_of(review, request), request.POST, refused=str(error))
        return render_case(request, page, status=409)
    forget_draft(page.case, user=request.user)
    return _decided(request, decision)


def _decided(request: HttpRequest, decision: Decision) -> HttpResponse:
    """To what was decided, or on to the next; while it can be undone, every page says so."""
    if decision.case.undo_until is not None:
        note_undoable(request)
    said = _("You %(did)s.") % {"did": verdict_done(decision.verdict)}
    if wants_next(request):
        if decision.case.undo_until is None:
            messages.success(request, about(decision.case, said))
        return go_on(request)
    messages.success(request, said)
    return redirect(f"{reverse('case-detail', args=[decision.case_id])}#decided")


@login_required
@require_POST
def review_preview(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """What would run with the changes typed so far; decides nothing."""
    page = _page_of(_visible(request, review_id), request)
    if page.is_withheld:
        raise Http404
    _revise(page, page.make_form(request.POST))
    return render(request, "reviews/_runs.html", {"page": page, "case": page.case})


@login_required
@require_POST
def review_rearrange(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The form with a row added, moved or taken away, or all changes taken back; decides
    nothing."""
    page = _page_of(_visible(request, review_id), request)
    command = request.POST.get("rearrange", "")
    if page.is_withheld:
        return _answer_rearranged(request, page, command)
    if _proposal_seen(page, request.POST) is not page.proposal:
        return render_case(request, typed_again(page, request.POST))
    typed = rearranged(request.POST, command)
    if command == "reset":
        typed = MultiValueDict()
    page.form = page.make_form(initial=request.POST.dict(), typed=typed)
    page.focus = focus_after(page.form.editor, command)
    if not request.htmx:
        return render_case(request, page)
    _revise(page, page.make_form(typed))
    return render(request, "reviews/editor/rearranged.html", {"page": page, "case": page.case})


def _answer_rearranged(request: HttpRequest, page: CasePage, command: str) -> HttpResponse:
    page.answer_form = AnswerForm(page.walk.plan, rearranged(request.POST, command))
    page.focus = focus_after(page.answer_form.editor, command)
    if not request.htmx:
        return render_case(request, page)
    return render(request, "reviews/answer/body.html", {"page": page, "case": page.case})


def typed_again(page: CasePage, data: Any, *, refused: str = "") -> CasePage:
    """The page as it stands now, with what somebody typed on it before."""
    if page.is_withheld:
        page.refused = refused
        return page
    old = _proposal_seen(page, data)
    schema = page.case.response_schema
    typed_into = VerdictForm(
        data,
        action=old.action,
        editable=actions.editable(old.action, page.known_fields) if old.action else (),
        response_fields=response_fields(schema) if schema else (),
        reason_codes={},
    )
    initial, typed = typed_into.kept()
    page.form = page.make_form(initial=initial, typed=typed)
    page.refused = refused
    return page


def _proposal_seen(page: CasePage, data: Any) -> Proposal:
    seen = (row for row in page.walk.proposals if str(row.revision) == data.get("revision"))
    return next(seen, page.proposal)


def _bound(page: CasePage, data: Any) -> Any:
    """Who was shown no proposal can name none: a no is bound to what stands now."""
    if not page.is_withheld:
        return data
    data = data.copy()
    data["revision"], data["digest"] = str(page.proposal.revision), page.proposal.digest
    return data


def _answered(page: CasePage, form: VerdictForm) -> dict[str, Any] | None:
    """The changes that somebody's own answer makes, where they answered first."""
    is_edit = form.cleaned_data["verdict"] == verdicts.EDIT
    return page.answered_changes if page.committed and is_edit else None


def _decide(
    review: Review, request: HttpRequest, form: VerdictForm, *, changes: dict[str, Any] | None
) -> Decision:
    return decide_review(
        review,
        reviewer=request.user,
        answer=form.answer() if changes is None else replace(form.answer(), changes=changes),
        revision=form.cleaned_data["revision"],
        digest=form.cleaned_data["digest"],
        confirmed_at=confirmed_at(request),
        active_seconds=form.cleaned_data["active_seconds"],
    )


def _revise(page: CasePage, form: VerdictForm) -> None:
    """Draws the action with the changes; what keeps them from being sent goes to `refused`."""
    try:
        changes = form.editor.changes()
        if not changes:
            return
        action = verdicts.edited_action(page.walk, Answer(verdict="edit", changes=changes))
    except Unreadable:
        words = [error for leaf in form.edits() for error in leaf.errors]
        page.refused = " ".join(words)
        return
    except InvalidVerdict as error:
        page.refused = str(error)
        return
    page.preview = preview(page.walk, verdict="edit", action=action)
    page.arguments = actions.arguments(action, page.known_fields or (), before=page.original.action)
    page.edited = action


def _page_of(review: Review, request: HttpRequest) -> CasePage:
    """Read anew, since the service may have looked at newer rows than this request did."""
    case = Case.objects.select_related("agent", "release__workflow", "stage").get(pk=review.case_id)
    return CasePage(case, request.user)


def _visible(request: HttpRequest, review_id: UUID) -> Review:
    return get_object_or_404(Review.objects.visible_to(request.user), pk=review_id)
