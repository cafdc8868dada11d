"""An admin page as a person uses it: what it shows is sent back, with some fields changed."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.forms import BaseForm
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


def logged_in(user: AbstractUser) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def values_of(response: HttpResponse) -> dict[str, Any]:
    """Every field of the page's form and of its inlines, as the browser would send them."""
    values = _values(response.context["adminform"].form)
    for formset in response.context["inline_admin_formsets"]:
        values |= _values(formset.formset.management_form)
        for form in formset.formset.forms:
            values |= _values(form)
    return values


def _values(form: BaseForm) -> dict[str, Any]:
    found = {}
    for bound in form:
        value = bound.value()
        if value is None or value is False:
            continue
        found[bound.html_name] = "on" if value is True else value
    return found


def save(client: Client, row: Any, **changes: Any) -> HttpResponse:
    """Opens the page of a row, changes fields and saves; `__` in a name stands for `-`."""
    shown = client.get(page_of(row))
    assert shown.status_code == 200
    return client.post(page_of(row), values_of(shown) | renamed(changes))


def renamed(changes: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "-"): value for name, value in changes.items()}


def errors_of(response: HttpResponse) -> list[str]:
    """What the page says is wrong, at its fields and above them."""
    forms = [response.context["adminform"].form]
    said = []
    for formset in response.context["inline_admin_formsets"]:
        forms += formset.formset.forms
        said += formset.formset.non_form_errors()
    for form in forms:
        for errors in form.errors.values():
            said += errors
    return said
