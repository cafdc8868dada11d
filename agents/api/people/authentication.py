"""Who calls the people's API: a person by their session, with CSRF, or by a token of theirs."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from agents.authentication import key_of
from reviews.models import PersonalToken
from reviews.services.personal_tokens import note_use


class PersonalTokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, PersonalToken] | None:
        scheme, _, sent = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        text = sent.strip().decode("latin-1")
        if key_of(text) is not None:
            raise PermissionDenied("An agent's key opens nothing that is a person's.")
        token = PersonalToken.objects.of_text(text)
        if token is None or not token.is_usable:
            raise AuthenticationFailed("This token is unknown, revoked or expired.")
        if not token.user.is_active:
            raise AuthenticationFailed("The person whose token this is may not log in.")
        note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="handrail"'


class MayCall(BasePermission):
    """A view says with `scopes` which scope each method asks of a token; a session has them all,
    and what the person may do is for the services to say."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is None:
            return False
        if not isinstance(request.auth, PersonalToken):
            return True
        needed = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        self.message = f"This token lacks the scope {needed}."
        return needed is None or needed in request.auth.scopes
