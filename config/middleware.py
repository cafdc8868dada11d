from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from pghistory.middleware import HistoryMiddleware

from reviews.models import UserSettings


class SettingsHistoryMiddleware(HistoryMiddleware):
    """Who changed which setting. Agents change none, and their calls need not pay for it."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/v1/"):
            return self.get_response(request)
        return super().__call__(request)


class PersonalMiddleware:
    """Times in a person's own zone, text in their language. Agents are always spoken to in
    English, and in UTC: what they are told may be compared by programs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/"):
            with translation.override("en"):
                return self.get_response(request)
        if not request.user.is_authenticated:
            return self.get_response(request)
        chosen = UserSettings.of(request.user)
        if chosen.language:
            translation.activate(chosen.language)
            request.LANGUAGE_CODE = chosen.language
        with timezone.override(ZoneInfo(chosen.time_zone) if chosen.time_zone else None):
            return self.get_response(request)
