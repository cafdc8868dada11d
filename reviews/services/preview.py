"""What approving would lead to, before anybody approves. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from reviews.digests import digest_of
from reviews.models import Case, Decision, Proposal
from reviews.models.decision import counting
from reviews.outcomes.template import TemplateError
from reviews.services import outbox, standing
from reviews.services.facts import facts_of
from reviews.services.verdicts import APPROVING
from reviews.services.walk import Walk
from workflows.compiler import StagePlan
from workflows.models import Stage
from workflows.quorum import tally
from workflows.routing import pick
from workflows.triggers import fired

MOST_STAGES = 50


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it would be sent; `shown` is the template's own rendering for people."""

    title: str
    shown: Mapping[str, Any]
    reversibility: str


@dataclass(slots=True)
class Preview:
    """`sentences` say what stands between the approval and the requests, or why there are none."""

    sentences: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    problem: str = ""


def preview(walk: Walk, *, verdict: str, action: dict[str, Any] | None = None) -> Preview:
    """Follows the routes as the case would; `action` is the edited one."""
    if action is not None:
        walk = _revised(walk, action)
    found = Preview()
    if not _is_enough(walk, found):
        return found
    if (again := standing.first_to_ask(walk)) is not None:
        found.sentences.append(
            _("Nothing is sent yet: “%s” is asked again, as it has not seen this revision.")
            % again.title
        )
        return found
    _follow(walk, walk.stage, verdict, found)
    return found


def _revised(walk: Walk, action: dict[str, Any]) -> Walk:
    old, case = walk.proposal, walk.case
    edited = Proposal(
        case=case,
        revision=old.revision + 1,
        action=action,
        ai_output=old.ai_output,
        digest=digest_of(action, data=case.data, ai_output=old.ai_output),
    )
    return replace(walk, proposals=[*walk.proposals, edited])


def _is_enough(walk: Walk, found: Preview) -> bool:
    """Whether this one approval settles the gate; an edit lapses the approvals before it."""
    gate = walk.stage.gate
    if gate is None:
        return True
    revision = walk.proposal.revision
    said = [
        row
        for row in counting(walk.decisions)
        if row.visit_id == walk.visit.id
        and row.by == Decision.By.REVIEWER
        and row.verdict in APPROVING
        and row.revision == revision
    ]
    approvals = len(said)
    settled = tally(
        quorum=gate.quorum,
        seats=gate.seats,
        needed=gate.needed,
        reject_vetoes=gate.reject_vetoes,
        approvals=approvals + 1,
        rejections=0,
    )
    if gate.ladder:
        settled = None if len(standing.to_climb(walk, walk.stage, said)) > 1 else "approved"
    if settled == "approved":
        return True
    found.sentences.append(_("Your approval alone sends nothing: more people have to approve."))
    return False


def _follow(walk: Walk, stage: StagePlan, verdict: str, found: Preview) -> None:
    arrived = verdict
    facts = facts_of(walk.case, walk.proposal, walk.plan)
    for _step in range(MOST_STAGES):
        picked = pick(stage.routes, verdict=arrived, facts=facts)
        if picked.to_stage is None:
            found.sentences.append(_("No route leads on from here: an exception would open."))
            return
        stage = walk.plan.stages[picked.to_stage]
        if stage.kind == Stage.Kind.GATE and stage.gate is not None:
            if (said := standing.said(walk, stage)) is not None:
                arrived = said
                continue
            reasons = fired(stage.gate.triggers, facts)
            if reasons:
                _asks_again(stage, [reason.detail for reason in reasons], found)
                return
            arrived = "auto"
            continue
        if stage.kind == Stage.Kind.ACTION:
            _requests(walk, stage, verdict, found)
        elif not found.requests:
            found.sentences.append(_("Nothing is sent; the case ends at “%s”.") % stage.title)
        return


def _asks_again(stage: StagePlan, reasons: list[str], found: Preview) -> None:
    found.sentences.append(
        _("Nothing is sent yet: “%(stage)s” asks another person first (%(reasons)s).")
        % {"stage": stage.title, "reasons": "; ".join(reasons)}
    )


def _requests(walk: Walk, stage: StagePlan, verdict: str, found: Preview) -> None:
    document = outbox.document_for(walk, decision=_undecided(walk.case, verdict), verdict=verdict)
    try:
        rules = outbox.rules_for(walk, stage, verdict=verdict)
        found.requests = [
            Request(rule.title, outbox.rendered_for(rule, document).as_shown(), rule.reversibility)
            for rule in rules
        ]
    except TemplateError as error:
        found.problem = str(error)
        return
    if not rules:
        found.sentences.append(_("“%s” sends nothing for this verdict.") % stage.title)


def _undecided(case: Case, verdict: str) -> Decision:
    """Stands in for the decision whose id and words are not known yet."""
    return Decision(case=case, by=Decision.By.REVIEWER, verdict=verdict)
