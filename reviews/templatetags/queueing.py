"""Words of the queue page."""

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import history
from reviews.models import Review
from reviews.templatetags.showing import LOUD, QUIET, amount, due_in_words

register = template.Library()


@register.filter
def why_now(review: Review) -> str:
    """What puts it where it stands: due, what is at stake, why a person is asked."""
    case = review.case
    parts = [due_in_words(review.due_at)]
    if review.offered_until and review.offered_until > timezone.now():
        # A list shows it to nobody else.
        parts.insert(0, _("kept for you"))
    if case.answers_first:
        return " · ".join(parts)
    if case.value is not None:
        worth = f"{amount(case.value)} {case.currency}".rstrip()
        parts.append(_("%s at stake") % worth)
    if review.reasons:
        parts.append(history.trigger_name(_strongest(review.reasons)))
    return " · ".join(parts)


@register.filter
def seconds(spent: float) -> str:
    """42 s, 3:20 min."""
    whole = round(spent)
    if whole < 100:
        return _("%d s") % whole
    return _("%(minutes)d:%(seconds)02d min") % {"minutes": whole // 60, "seconds": whole % 60}


def _strongest(reasons: list[dict]) -> str:
    """What asks most loudly; among equals the first."""
    names = [reason["trigger"] for reason in reasons]
    return min(names, key=lambda name: (name not in LOUD, name in QUIET))
