"""The one page on which a new key or secret can be read: the answer to the POST that made it."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import add_never_cache_headers


def show_once(
    request: HttpRequest, *, admin: ModelAdmin, title: str, text: str, row: Any, back: str
) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "text": text,
        "opts": admin.opts,
        "original": row,
        "back": back,
    }
    response = TemplateResponse(request, "admin/agents/shown_once.html", context)
    add_never_cache_headers(response)
    return response
