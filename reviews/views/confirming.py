"""When somebody last gave their password: what a grave verdict asks for."""

from contextlib import suppress
from datetime import datetime

from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

CONFIRMED_AT = "confirmed_at"
MOST_WRONG = 5
WRONG_COUNT_FOR_SECONDS = 15 * 60


class Login(LoginView):
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        note_confirmed(self.request)
        return answer


def note_confirmed(request: HttpRequest) -> None:
    request.session[CONFIRMED_AT] = timezone.now().isoformat()


def confirmed_at(request: HttpRequest) -> datetime | None:
    """In this session; other sessions of the same person say nothing about this one."""
    return parse_datetime(request.session.get(CONFIRMED_AT, ""))


def refusal(request: HttpRequest, password: str) -> str:
    """Empty where it is this person's password, which then counts from now on; else why not.
    Once too many were wrong not even the right one is looked at: a guesser learns nothing."""
    name = f"wrong-passwords:{request.user.pk}"
    if cache.get(name, 0) >= MOST_WRONG:
        return _("Too many wrong passwords: try again in a quarter of an hour.")
    known = authenticate(request, username=request.user.get_username(), password=password)
    if known is None or known.pk != request.user.pk:
        _count(name)
        return _("This is not your password.")
    cache.delete(name)
    note_confirmed(request)
    return ""


def _count(name: str) -> None:
    """In the cache, which all web processes share; the first wrong one starts the time."""
    cache.add(name, 0, timeout=WRONG_COUNT_FOR_SECONDS)
    with suppress(ValueError):
        cache.incr(name)
