"""When several cases may be decided in one go: only where nothing is lost by not opening each."""

from django.utils.translation import gettext as _

from reviews import action as actions
from reviews.models import Case, Review
from reviews.services import verdicts
from reviews.services.preview import Preview, preview
from reviews.services.walk import Walk
from workflows.compiler import GatePlan
from workflows.models.action_type import Reversibility


class NotTogether(Exception):
    """Says in words why this case wants to be looked at by itself."""


def check(walk: Walk, review: Review, *, verdict: str) -> Preview:
    """What the verdict would lead to. Raises NotTogether where the gate does not allow bulk
    decisions, or this case is not of the harmless kind that it allows them for."""
    gate = walk.stage.gate
    if review.kind != Review.Kind.SEAT or gate is None:
        raise NotTogether(_("It is out of the ordinary: open it."))
    if verdict not in verdicts.allowed(walk, review):
        raise NotTogether(_("This verdict is not offered here."))
    _check_gate(gate, walk)
    _check_risk(gate, walk.case)
    _check_action(walk)
    found = preview(walk, verdict=verdict)
    if any(request.reversibility == Reversibility.IRREVERSIBLE for request in found.requests):
        raise NotTogether(_("What it sends cannot be taken back: open it."))
    return found


def _check_gate(gate: GatePlan, walk: Walk) -> None:
    if gate.bulk_risk_limit is None:
        raise NotTogether(_("“%s” is decided one by one.") % walk.stage.title)
    if gate.reauth_minutes is not None:
        raise NotTogether(_("“%s” asks for your password: open it.") % walk.stage.title)
    if walk.case.presentation != Case.Presentation.AI_FIRST:
        raise NotTogether(_("It is answered before the proposal is shown: open it."))


def _check_risk(gate: GatePlan, case: Case) -> None:
    limit, risk = gate.bulk_risk_limit, case.risk_score
    if risk is None:
        raise NotTogether(_("The agent gave no risk: open it."))
    if not risk < limit:
        raise NotTogether(
            _("Its risk of %(risk)s is not under %(limit)s: open it.")
            % {"risk": f"{risk:g}", "limit": f"{limit:g}"}
        )


def _check_action(walk: Walk) -> None:
    action = walk.proposal.action
    if action is None:
        return
    known = walk.plan.actions.get(action["name"])
    if known is None or known.reversibility == Reversibility.IRREVERSIBLE:
        raise NotTogether(_("Its action cannot be taken back: open it."))
    if any(argument.is_long for argument in actions.arguments(action, known.fields)):
        raise NotTogether(_("Its action is too long to be read in a list: open it."))
