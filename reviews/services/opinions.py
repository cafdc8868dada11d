"""What other agents, invited by a gate, say of a proposal: read by people, and deciding nothing."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from reviews import audit
from reviews.models import Case, Opinion
from reviews.services.walk import Walk
from workflows.models import Agent


class NotInvited(Exception):
    """The case does not stand at a gate that asks this agent, or does so no longer."""


class SaidAlready(Exception):
    """This agent has said something else of this revision; what it said stands."""


class AnotherRevision(Exception):
    """The proposal that it speaks of is not the one that stands."""


@dataclass(frozen=True, slots=True)
class View:
    stance: str
    text: str
    revision: int
    confidence: float | None = None


def asked_of(agent: Agent) -> QuerySet[Case]:
    """The cases whose gate asks this agent now. Nobody is a second voice beside their own, and
    while a decision can be undone nothing is asked."""
    return Case.objects.filter(
        state=Case.State.IN_REVIEW,
        undo_until=None,
        stage__gate__opinion_agents__contains=[agent.slug],
    ).exclude(agent=agent)


@transaction.atomic
def give_opinion(case_id: UUID, *, agent: Agent, view: View) -> tuple[Opinion, bool]:
    """The opinion, and whether this call gave it. Raises NotInvited, AnotherRevision or
    SaidAlready."""
    walk = Walk.of(case_id, is_seen=False)
    if not asked_of(agent).filter(pk=case_id).exists():
        raise NotInvited("Nobody asks for an opinion on this case.")
    earlier = walk.case.opinions.filter(agent=agent, revision=view.revision).first()
    if earlier is not None:
        if (earlier.stance, earlier.text, earlier.confidence) != _said(view):
            raise SaidAlready("You have said something else of this revision: that stands.")
        return earlier, False
    if view.revision != walk.proposal.revision:
        raise AnotherRevision(f"What stands is revision {walk.proposal.revision}: look again.")
    opinion = Opinion(
        case=walk.case,
        visit=walk.visit,
        agent=agent,
        revision=view.revision,
        stance=view.stance,
        text=view.text,
        confidence=view.confidence,
    )
    walk.add(opinion)
    walk.note(
        "opinion.given",
        audit.by_agent(agent.pk),
        personal={"/opinion": view.text},
        opinion=opinion.id.hex,
        stance=view.stance,
        confidence=view.confidence,
        revision=view.revision,
    )
    walk.save()
    return opinion, True


def _said(view: View) -> tuple[str, str, float | None]:
    return view.stance, view.text, view.confidence
