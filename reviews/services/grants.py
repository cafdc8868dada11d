"""One-shot edit grants. Where a framework takes no edited arguments, its adapter tells the model
the exact ones and exchanges the approval for a grant: the same agent's next case of exactly that
action is approved by it, once, and the one after is reviewed again."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from reviews import audit
from reviews.models import Case, Grant
from reviews.services import permits, stops
from reviews.services.walk import Walk
from workflows.models import Release


class NotGrantable(Exception):
    """There is no edit here whose approval could be exchanged."""


@transaction.atomic
def make_grant(case_id: UUID) -> tuple[Grant, bool]:
    """The grant, and whether this call made it. The approval itself is spent with it: its permit
    can be redeemed no more, so that one yes never runs twice. Raises NotGrantable."""
    walk = Walk.of(case_id)
    earlier = Grant.objects.filter(case=walk.case).first()
    if earlier is not None:
        return earlier, False
    _check(walk)
    now = timezone.now()
    walk.case.permits.update(exchanged_at=now)
    grant = Grant(
        case=walk.case,
        agent_id=walk.case.agent_id,
        release_id=walk.case.release_id,
        digest=walk.proposal.digest,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.GRANT_SECONDS),
    )
    walk.add(grant)
    walk.note(
        "grant.made",
        audit.by_agent(walk.case.agent_id),
        grant=grant.id.hex,
        digest=grant.digest,
        expires_at=grant.expires_at.isoformat(),
    )
    walk.save()
    return grant, True


def covers(walk: Walk) -> bool:
    """Whether a grant approves what this new case proposes. It is used up at the first gate that
    would ask somebody, and holds for the gates after it; a stop asks people all the same."""
    if walk.grant is None and walk.is_new and walk.case.agent.has_grants:
        walk.grant = _take(walk)
    return walk.grant is not None and walk.grant.digest == walk.proposal.digest


def _check(walk: Walk) -> None:
    case = walk.case
    if case.state not in permits.STANDS or case.verdict not in permits.RUNS:
        raise NotGrantable("Nothing is approved here, or not any more.")
    if walk.plan.executor != Release.Executor.AGENT:
        raise NotGrantable("Handrail runs what is approved here; the agent runs nothing.")
    if walk.proposal.digest == walk.proposals[0].digest:
        raise NotGrantable("It was approved as it was proposed: run it.")
    permit = case.permits.last()
    if permit is None or permit.redeemed_at is not None or case.receipts.exists():
        raise NotGrantable("The approval was used already.")
    if why := permits.why_gone(permit, case):
        raise NotGrantable(why)


def _take(walk: Walk) -> Grant | None:
    """Two cases at once cannot both have it: the row is changed by one of them alone."""
    case = walk.case
    if stops.stops_over(case, workflow_id=walk.plan.workflow_id):
        return None
    fitting = Grant.objects.unused().filter(
        agent=case.agent_id,
        release=case.release_id,
        digest=walk.proposal.digest,
        case__state__in=permits.STANDS,
    )
    grant = fitting.select_related("case").order_by("id").first()
    if grant is None or permits.without_right(grant.case):
        return None
    if not Grant.objects.use(pk=grant.pk, case=case):
        return None
    _on_record(grant, case)
    return grant


def _on_record(grant: Grant, case: Case) -> None:
    data = {"grant": grant.id.hex, "case": case.public_id, "digest": grant.digest}
    event = audit.Event("grant.used", audit.by_agent(grant.agent_id), data)
    audit.record(grant.case.chain, event, case=grant.case)
