"""What threshold the labels support, and a draft with it. A person publishes; never the adviser."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from reviews import audit
from reviews.insights.adviser import (
    DELTA,
    Advice,
    Catch,
    Target,
    advise,
    candidate_thresholds,
    thinned,
)
from reviews.insights.labels import Known, Scope, known
from reviews.models import Case, Certificate
from reviews.services import publishing
from workflows.models import Release, Trigger
from workflows.triggers import Kind


@dataclass(frozen=True, slots=True)
class Advised:
    advice: Advice
    known: Known
    today: Decimal | None
    # Rows that the thinning left, of all that are labelled.
    used: int

    def hours_a_week(self, automated: float) -> float | None:
        if self.known.seconds_a_review is None:
            return None
        return (1 - automated) * self.known.cases_a_week * self.known.seconds_a_review / 3600


def advice_for(
    scope: Scope, *, target: Target, alpha: float, catch: Catch | None = None
) -> Advised:
    """Everything is thinned to the smallest propensity first, so that the sample is uniform."""
    found = known(scope)
    rows = thinned(found.labelled)
    advice = advise(
        rows,
        target=target,
        alpha=alpha,
        candidates=candidate_thresholds(found.earlier),
        everything=found.everything,
        catch=catch,
    )
    gate = thresholds_of(scope.release).first()
    return Advised(advice, found, gate.threshold if gate else None, len(rows))


def thresholds_of(release: Release) -> QuerySet[Trigger]:
    """The triggers that a threshold moves: of confidence, for every category."""
    rows = Trigger.objects.filter(
        gate__stage__release=release, kind=Kind.CONFIDENCE_BELOW, categories=[]
    )
    return rows.order_by("gate__stage__position", "position")


@transaction.atomic
def draft_with(
    scope: Scope, *, target: Target, alpha: float, by: AbstractBaseUser, catch: Catch | None = None
) -> Release:
    """A draft with the threshold that is recommended now, and the certificate of it. Raises
    PermissionDenied, or ValidationError where nothing is recommended or nothing would change."""
    advised = advice_for(scope, target=target, alpha=alpha, catch=catch)
    row = advised.advice.recommended
    if row is None:
        raise ValidationError(_("The labels support no threshold yet."))
    if not thresholds_of(scope.release).exists():
        raise ValidationError(_("No gate of this release asks by confidence."))
    threshold = Decimal(str(row.threshold)).quantize(Decimal("0.000001"))
    notes = _("Threshold %(threshold)s, as the labels of %(agent)s %(version)s support.") % {
        "threshold": threshold.normalize(),
        "agent": scope.agent,
        "version": scope.version,
    }
    draft = publishing.new_draft(scope.release.workflow, by=by, notes=notes)
    thresholds_of(draft).update(threshold=threshold)
    certificate = Certificate(
        workflow=scope.release.workflow,
        release=scope.release,
        draft=draft,
        agent=scope.agent,
        agent_version=scope.version,
        target=target.value,
        alpha=alpha,
        delta=DELTA,
        threshold=threshold,
        bound=row.bound,
        automated=row.automated,
        labelled=row.labelled,
        wrong=row.wrong,
        caught=advised.advice.caught,
        issued_by=by,
    )
    certificate.save(force_insert=True)
    _on_record(certificate, by)
    return draft


def why_void(certificate: Certificate) -> str:
    """Empty while it holds."""
    live = certificate.workflow.live_release
    if live is not None and live.number > certificate.draft.number:
        return _("Release %(number)d was published since.") % {"number": live.number}
    posted = Case.objects.filter(
        agent=certificate.agent_id, release__workflow=certificate.workflow_id, is_gold=False
    )
    newest = posted.order_by("-id").values_list("agent_version", flat=True).first()
    if newest is not None and newest != certificate.agent_version:
        return _("The agent posts as version %(version)s now.") % {"version": newest or "?"}
    return ""


def _on_record(certificate: Certificate, by: AbstractBaseUser) -> None:
    data = {
        "certificate": certificate.pk,
        "release": certificate.release_id,
        "draft": certificate.draft_id,
        "agent": certificate.agent_id,
        "agent_version": certificate.agent_version,
        "target": certificate.target,
        "alpha": certificate.alpha,
        "threshold": f"{certificate.threshold:f}",
        "bound": certificate.bound,
        "labelled": certificate.labelled,
        "wrong": certificate.wrong,
    }
    event = audit.Event("threshold.certified", audit.by_user(by), data)
    audit.record(f"workflow:{certificate.workflow_id}", event)
