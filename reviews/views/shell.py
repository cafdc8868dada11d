"""What stands around every page: the rail of queues, the bell, a person's own settings."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from reviews.keys import ACTIONS, keys_with
from reviews.loads import QueueLoad, queue_loads
from reviews.models import Case, Review, SavedView, UserSettings
from reviews.services.undoing import undoable_by

MOST_UNDONE = 3
UNDO_UNTIL = "undo_until"


class Rail:
    """Read only by the templates that draw it, so that all other pages pay nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._user = request.user
        self._session = request.session

    @cached_property
    def queues(self) -> list[QueueLoad]:
        return queue_loads(self._user) if self._user.is_authenticated else []

    @cached_property
    def views(self) -> list[SavedView]:
        if not self._user.is_authenticated:
            return []
        return list(SavedView.objects.visible_to(self._user).select_related("team"))

    @cached_property
    def claimed(self) -> int:
        if not self._user.is_authenticated:
            return 0
        return Review.objects.claimed_by(self._user).count()

    @cached_property
    def undoable(self) -> list[Case]:
        """What they decided last, as long as they may take it back; asked only if there is any."""
        until = parse_datetime(self._session.get(UNDO_UNTIL, ""))
        if until is None or until <= timezone.now() or not self._user.is_authenticated:
            return []
        return list(undoable_by(self._user).only("id", "external_id", "undo_until")[:MOST_UNDONE])

    @property
    def unread(self) -> int:
        """Read with the user (reviews/login.py)."""
        return getattr(self._user, "unread", 0)


def note_undoable(request: HttpRequest) -> None:
    """After a decision: this session's pages offer to take it back, and others ask nothing."""
    newest = undoable_by(request.user).first()
    if newest is not None:
        request.session[UNDO_UNTIL] = newest.undo_until.isoformat()


def rail(request: HttpRequest) -> dict[str, Rail]:
    # An error page may be drawn before anybody is known.
    return {"rail": Rail(request)} if hasattr(request, "user") else {}


def personal(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    chosen = UserSettings.of(user) if known else UserSettings()
    keys = keys_with(chosen.keys)
    listed = [(keys[action.name], action.words) for action in ACTIONS]
    return {"preferences": chosen, "keys": keys, "key_list": listed}
