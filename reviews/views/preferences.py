"""The settings page: how one person wants to work here."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from reviews.keys import ACTIONS, DEFAULTS, conflicts, is_key, keys_with
from reviews.models import Notification, UserSettings
from reviews.services.absences import end_absence, plan_absence
from reviews.services.personal_tokens import make_token, revoke_token
from reviews.services.preferences import save_preferences
from reviews.services.verdicts import InvalidVerdict
from reviews.views.absences import AbsenceForm, absences_of
from reviews.views.confirming import refusal
from reviews.views.personal_tokens import TokenForm, tokens_of
from workflows.admin.calendars import zone_choices
from workflows.models import Absence

PREFIX = "key_"


def zones() -> list[tuple[str, Any]]:
    return [("", _("the site's: %s") % settings.TIME_ZONE), *zone_choices()]


def languages() -> list[tuple[str, Any]]:
    return [("", gettext_lazy("what the browser asks for")), *settings.LANGUAGES]


class PreferencesForm(forms.Form):
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zones, required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=languages, required=False)
    theme = forms.ChoiceField(label=gettext_lazy("Colours"), choices=UserSettings.Theme.choices)
    density = forms.ChoiceField(label=gettext_lazy("Rows"), choices=UserSettings.Density.choices)
    single_keys = forms.BooleanField(
        label=gettext_lazy("Use single keys"),
        required=False,
        help_text=gettext_lazy(
            "Switch them off if a screen reader or speech input presses keys for you. "
            "Ctrl+Enter stays."
        ),
    )
    mail_rhythm = forms.ChoiceField(label=gettext_lazy("Mail"), choices=UserSettings.Rhythm.choices)
    mail_kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Mail when"),
        choices=Notification.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for action in ACTIONS:
            self.fields[PREFIX + action.name] = forms.CharField(
                label=action.words,
                max_length=1,
                strip=True,
                widget=forms.TextInput(attrs={"size": 2, "autocomplete": "off"}),
            )

    @property
    def key_fields(self) -> Iterator[forms.BoundField]:
        return (self[PREFIX + action.name] for action in ACTIONS)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        keys = {name: given[PREFIX + name] for name in DEFAULTS if PREFIX + name in given}
        words = {action.name: action.words for action in ACTIONS}
        for name, key in keys.items():
            if not is_key(key):
                self.add_error(PREFIX + name, _("One character that can be seen."))
        for name, other in conflicts(keys).items():
            self.add_error(PREFIX + name, _("Also the key for “%s”.") % words[other])
        given["keys"] = {name: key for name, key in keys.items() if key != DEFAULTS[name]}
        return given

    def values(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.cleaned_data.items() if not name.startswith(PREFIX)
        }


@login_required
@require_http_methods(["GET", "POST"])
def settings_edit(request: HttpRequest) -> HttpResponse:
    chosen = UserSettings.of(request.user)
    form = PreferencesForm(request.POST or None, initial=_initial(chosen))
    if form.is_valid():
        saved = save_preferences(request.user, **form.values())
        with override(saved.language or None):
            messages.success(request, _("Your settings are saved."))
        return redirect("settings-edit")
    return settings_page(request, form=form)


@login_required
@require_POST
def absence_plan(request: HttpRequest) -> HttpResponse:
    form = AbsenceForm(request.POST, user=request.user)
    if not form.is_valid():
        return settings_page(request, absence_form=form)
    plan_absence(Absence(user=request.user), by=request.user, **form.values())
    messages.success(request, _("Your absence is planned."))
    return redirect("settings-edit")


@login_required
@require_POST
def absence_end(request: HttpRequest, absence_id: int) -> HttpResponse:
    absence = get_object_or_404(absences_of(request.user), pk=absence_id)
    end_absence(absence, by=request.user)
    messages.success(request, _("Your absence has ended: work is offered to you."))
    return redirect("settings-edit")


@login_required
@require_POST
@never_cache
def token_make(request: HttpRequest) -> HttpResponse:
    """The page with the token on it, this once: it is stored nowhere."""
    form = TokenForm(request.POST)
    if form.is_valid() and (why_not := refusal(request, form.cleaned_data["password"])):
        form.add_error("password", why_not)
    if not form.is_valid():
        return settings_page(request, token_form=form)
    try:
        _row, text = make_token(request.user, **form.values())
    except InvalidVerdict as error:
        form.add_error("label", str(error))
        return settings_page(request, token_form=form)
    return settings_page(request, new_token=text)


@login_required
@require_POST
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(tokens_of(request.user), pk=token_id)
    revoke_token(token, by=request.user)
    messages.success(request, _("Revoked: it is refused from now on."))
    return redirect(f"{reverse('settings-edit')}#tokens")


def settings_page(
    request: HttpRequest,
    *,
    form: PreferencesForm | None = None,
    absence_form: AbsenceForm | None = None,
    token_form: TokenForm | None = None,
    new_token: str = "",
) -> HttpResponse:
    wrong = [one for one in (form, absence_form, token_form) if one is not None and one.errors]
    context = {
        "title": _("Your settings"),
        "here": "settings",
        "form": form or PreferencesForm(initial=_initial(UserSettings.of(request.user))),
        "absence_form": absence_form or AbsenceForm(user=request.user),
        "absences": absences_of(request.user),
        "token_form": token_form or TokenForm(),
        "tokens": tokens_of(request.user),
        "new_token": new_token,
        "identities": request.user.chat_identities.select_related("app"),
        "sends_mail": bool(settings.EMAIL_URL),
    }
    return render(request, "reviews/settings.html", context, status=422 if wrong else 200)


def _initial(chosen: UserSettings) -> dict[str, Any]:
    keys = {PREFIX + name: key for name, key in keys_with(chosen.keys).items()}
    names = ("time_zone", "language", "theme", "density", "single_keys", "mail_rhythm")
    plain = {name: getattr(chosen, name) for name in names}
    return {**plain, "mail_kinds": chosen.mail_kinds, **keys}
