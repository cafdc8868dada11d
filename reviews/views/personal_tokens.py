"""The tokens of one's own programs: the form, and those that still work."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils.translation import gettext_lazy

from reviews.models import PersonalToken
from reviews.models.personal_token import TokenScope

LIVES = [
    ("7", gettext_lazy("7 days")),
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("a year")),
]


class TokenForm(forms.Form):
    """The password is asked for: an unlocked screen must not become a token that lives on."""

    label = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=80,
        help_text=gettext_lazy("Such as the program that will use it."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=TokenScope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    life = forms.ChoiceField(label=gettext_lazy("How long it works"), choices=LIVES)
    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        initial = {"scopes": [TokenScope.READ], "life": "30"}
        super().__init__(*args, auto_id="id_token_%s", initial=initial, **kwargs)

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "label": given["label"],
            "scopes": given["scopes"],
            "life": timedelta(days=int(given["life"])),
        }


def tokens_of(user: AbstractBaseUser) -> models.QuerySet[PersonalToken]:
    return PersonalToken.objects.usable().filter(user=user)
