"""What is known of an agent's cases, as the plain rows that the adviser reads."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Avg
from django.utils import timezone

from reviews.draws import draw
from reviews.insights.adviser import Labelled
from reviews.models import Case, Visit
from reviews.models.case import CaseQuerySet
from workflows.models import Agent, Release

# The newest cases alone: a page must not read a million.
MOST = 20_000
# Reasons that another threshold would do without.
MOVABLE = frozenset({"confidence_below", "sample", "stop"})


@dataclass(frozen=True, slots=True)
class Scope:
    """A certificate is about one version of one agent under one release."""

    release: Release
    agent: Agent
    version: str

    def cases(self) -> CaseQuerySet:
        rows = Case.objects.filter(
            release=self.release, agent=self.agent, agent_version=self.version, is_gold=False
        )
        return rows.exclude(lane=None).order_by("-id")


@dataclass(frozen=True, slots=True)
class Known:
    labelled: list[Labelled]
    # Every case as (confidence, whether it stays with people whatever the threshold).
    everything: list[tuple[float, bool]]
    cases_a_week: float
    seconds_a_review: float | None

    @property
    def earlier(self) -> list[float]:
        """Confidences of the older half, from which candidates are taken."""
        return [confidence for confidence, _held in self.everything[len(self.everything) // 2 :]]


def scopes(release: Release) -> list[tuple[int, str, str, int]]:
    """Who posted lately under this release: (agent, its name, version, cases)."""
    rows = Case.objects.filter(release=release, is_gold=False).order_by("-id")
    last = rows.values_list("agent_id", "agent__name", "agent_version")[:MOST]
    return [(*scope, number) for scope, number in Counter(last).most_common()]


def known(scope: Scope) -> Known:
    rows = list(
        scope.cases().values_list(
            "id", "confidence", "lane", "label_propensity", "audited_at", "wrong", "created_at"
        )[:MOST]
    )
    held = _held(scope, since=rows[-1][0]) if rows else set()
    labelled, everything = [], []
    for pk, confidence, lane, propensity, audited_at, wrong, _created in rows:
        is_held = confidence is None or pk in held
        everything.append((confidence or 0.0, is_held))
        if wrong is not None and (lane == Case.Lane.HUMAN or audited_at is not None):
            labelled.append(
                Labelled(confidence or 0.0, wrong, propensity, draw("thin", pk), is_held=is_held)
            )
    return Known(labelled, everything, _a_week(rows), _seconds(scope))


def _held(scope: Scope, *, since: object) -> set[object]:
    """Cases that something else than their confidence sent to people."""
    fired = Visit.objects.filter(
        case__release=scope.release,
        case__agent=scope.agent,
        case__agent_version=scope.version,
        case_id__gte=since,
    ).exclude(firings=[])
    return {
        pk
        for pk, firings in fired.values_list("case_id", "firings")
        if any(firing["trigger"] not in MOVABLE for firing in firings)
    }


def _a_week(rows: list[tuple]) -> float:
    if not rows:
        return 0.0
    span = max(timezone.now() - rows[-1][-1], timedelta(days=1))
    return len(rows) * timedelta(weeks=1) / span


def _seconds(scope: Scope) -> float | None:
    """On average over those that people decided lately."""
    since = timezone.now() - timedelta(weeks=8)
    rows = scope.cases().filter(lane=Case.Lane.HUMAN, created_at__gte=since)
    return rows.order_by().aggregate(mean=Avg("active_seconds"))["mean"]
