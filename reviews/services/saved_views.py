"""Narrowed queue pages under a name. Their owner's own: nothing that happens to a case."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from reviews.models import SavedView
from workflows.models import Team

MOST_VIEWS = 50


class TooManyViews(Exception):
    """Says so in words: a rail that is longer than the screen helps nobody."""


@transaction.atomic
def save_view(name: str, *, owner: AbstractBaseUser, query: str, team: Team | None) -> SavedView:
    """Under a name that the owner has used already, the new address takes the old one's place.
    Raises TooManyViews."""
    mine = SavedView.objects.of(owner)
    if mine.exclude(name=name).count() >= MOST_VIEWS:
        raise TooManyViews(_("You have %d views already: delete one first.") % MOST_VIEWS)
    view, _made = SavedView.objects.update_or_create(
        owner_id=owner.pk, name=name, defaults={"query": query, "team": team}
    )
    return view


def forget_view(view: SavedView) -> None:
    view.delete()
