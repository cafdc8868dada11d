"""An expression tried on the last cases of its workflow, before it decides anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reviews.models import Case
from reviews.services.facts import facts_of
from workflows.admin.drafts import compiled
from workflows.compiler import plan_of
from workflows.expressions import Expression, ExpressionError
from workflows.models import Release

MOST_CASES, LONGEST = 20, 4000
# What the button beside a field is called: the field's own name, and this.
BUTTON = "-try"
HOLDS = {
    "yes": gettext_lazy("holds"),
    "no": gettext_lazy("does not hold"),
    "unclear": gettext_lazy("cannot be worked out"),
}


@dataclass(frozen=True, slots=True)
class Tried:
    case: Case
    answer: str
    words: str = ""

    @property
    def label(self) -> Any:
        return HOLDS[self.answer]


def try_page(request: HttpRequest, release: Release, *, admin: ModelAdmin) -> HttpResponse:
    """The whole page, or for a script that asks from beside the field, the result alone."""
    source = _typed(request)
    result = _result(source, release, request.user) if source.strip() else {}
    context = {"source": source, "release": release, **result}
    if request.headers.get("X-Requested-With") == "fetch":
        return TemplateResponse(request, "admin/workflows/release/tried.html", context)
    context |= {
        **admin.admin_site.each_context(request),
        "title": _("Try an expression"),
        "opts": admin.opts,
        "original": release,
    }
    return TemplateResponse(request, "admin/workflows/release/try.html", context)


def _typed(request: HttpRequest) -> str:
    """From the page's own field, or from the one whose button was pressed on another page."""
    pressed = [name.removesuffix(BUTTON) for name in request.POST if name.endswith(BUTTON)]
    return request.POST.get(pressed[0] if pressed else "expression", "")


def _result(source: str, release: Release, user: AbstractBaseUser) -> dict[str, Any]:
    if len(source) > LONGEST:
        return {"problem": _("It is longer than %(most)s characters.") % {"most": LONGEST}}
    try:
        expression = compiled(source, release)
    except ExpressionError as error:
        return {"problem": str(error)}
    tried = [_tried(expression, case) for case in _last_cases(release, user)]
    return {"tried": tried, "summary": _summary(tried)}


def _last_cases(release: Release, user: AbstractBaseUser) -> Sequence[Case]:
    """Those that this person may see: the answer says something about each of them."""
    cases = Case.objects.visible_to(user).filter(release__workflow=release.workflow_id)
    return cases.prefetch_related("proposals").order_by("-id")[:MOST_CASES]


def _tried(expression: Expression, case: Case) -> Tried:
    facts = facts_of(case, list(case.proposals.all())[-1], plan_of(case.release_id))
    try:
        answer = expression.evaluate(facts)
    except ExpressionError as error:
        return Tried(case, "unclear", str(error))
    if not isinstance(answer, bool):
        return Tried(case, "unclear", _("%(answer)r is no yes or no") % {"answer": answer})
    return Tried(case, "yes" if answer else "no")


def _summary(tried: Sequence[Tried]) -> str:
    if not tried:
        return _("The expression is sound. There is no case yet that you may see to try it on.")
    holds = sum(one.answer == "yes" for one in tried)
    unclear = sum(one.answer == "unclear" for one in tried)
    said = ngettext(
        "Holds for %(holds)d of the last %(all)d case.",
        "Holds for %(holds)d of the last %(all)d cases.",
        len(tried),
    ) % {"holds": holds, "all": len(tried)}
    if not unclear:
        return said
    doubt = ngettext(
        "%d cannot be worked out: it would reach a person.",
        "%d cannot be worked out: they would reach a person.",
        unclear,
    )
    return f"{said} {doubt % unclear}"
