"""A step that is no edit (publish, stop, revoke): one page that says what will happen, one POST."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import TransitionNotAllowed

from reviews.services.publishing import NeverLive, NotPublishable


class NoAnswer(forms.Form):
    """Nothing to fill in: the button alone."""


class Why(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Goes on record with your name."),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """`run` is called with the row (None where there is none), `by` and what the form holds; it
    returns the sentence that says what was done."""

    title: str
    explanation: str
    button: str
    run: Callable[..., str]
    form: type[forms.Form] = NoAnswer
    is_grave: bool = False
    template: str = "admin/step.html"
    context: Mapping[str, Any] = field(default_factory=dict)


def take(
    step: Step, request: HttpRequest, *, admin: ModelAdmin, row: models.Model | None, back: str
) -> HttpResponse:
    """GET asks, POST does; what stands in the way is said on the same page."""
    form = step.form(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        try:
            done = step.run(row, by=request.user, **form.cleaned_data)
        except PermissionDenied as error:
            form.add_error(None, str(error))
            status = 403
        except (NotPublishable, NeverLive, TransitionNotAllowed, ValidationError) as error:
            form.add_error(None, _words(error))
            status = 409
        else:
            messages.success(request, done)
            return HttpResponseRedirect(back)
    return ask(step, request, form=form, admin=admin, row=row, back=back, status=status)


def ask(
    step: Step,
    request: HttpRequest,
    *,
    form: forms.Form,
    admin: ModelAdmin,
    row: models.Model | None,
    back: str,
    status: int = 200,
) -> HttpResponse:
    """The page that says what will happen."""
    context = {
        **admin.admin_site.each_context(request),
        "step": step,
        "form": form,
        "title": step.title,
        "opts": admin.opts,
        "original": row,
        "back": back,
        **step.context,
    }
    return TemplateResponse(request, step.template, context, status=status)


def _words(error: Exception) -> list[str] | str:
    if isinstance(error, NotPublishable):
        return [finding.sentence for finding in error.findings]
    if isinstance(error, NeverLive):
        return str(error)
    if isinstance(error, ValidationError):
        return list(error.messages)
    return _("That is not possible any more: somebody was faster. Look at it again.")
