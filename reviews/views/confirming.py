"""When somebody last gave their password: what a grave verdict asks for."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

CONFIRMED_AT = "confirmed_at"


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


def confirm(request: HttpRequest, password: str) -> bool:
    """Whether it is this person's password; then it counts from now on."""
    known = authenticate(request, username=request.user.get_username(), password=password)
    if known is None or known.pk != request.user.pk:
        return False
    note_confirmed(request)
    return True
