"""Words of the queue page."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from reviews import history
from reviews.models import Review
from reviews.templatetags.showing import LOUD, QUIET, amount, due_in_words
from workflows.models import Queue

register = template.Library()


@dataclass(frozen=True, slots=True)
class Face:
    """A part of a row that no clock changes, and all that it is drawn from: equal faces look
    the same, whoever looks. Proposals are told apart by their key, they never change."""

    template: str
    language: str
    facts: tuple[object, ...]
    review: Review = field(compare=False)
    with_queue: bool = False

    @classmethod
    def of(cls, review: Review, template: str, *, with_queue: bool) -> Self:
        case = review.case
        facts = (
            (review.pk, review.kind, str(review.reasons), review.queue.name if with_queue else ""),
            (case.external_id, case.summary, case.value, case.currency, case.confidence),
            (case.answers_first, [row.pk for row in case.proposals.all()][-1]),
            (case.release.workflow.name, case.agent.name, case.agent_version),
        )
        return cls(template, get_language() or "", facts, review, with_queue)


@register.simple_tag
def face(review: Review, template: str, *, queue: Queue | None = None) -> SafeString:
    """The row's part as `template` draws it: once for as long as it stays as it is. It is most
    of the work of a list, which everybody looks at all day."""
    return _drawn(Face.of(review, template, with_queue=queue is None))


@lru_cache(maxsize=4096)
def _drawn(face: Face) -> SafeString:
    context = {"review": face.review, "with_queue": face.with_queue}
    return render_to_string(face.template, context)


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
