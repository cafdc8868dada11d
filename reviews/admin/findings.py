"""What the linter found, beside what it is about: a finding leads to the page that mends it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from reviews.services import publishing
from workflows.admin.drafts import release_of
from workflows.linter.findings import Finding
from workflows.models import Gate, Queue, Release, Stage


@dataclass(frozen=True, slots=True)
class Found:
    finding: Finding
    href: str


def all_found(release: Release) -> list[Found]:
    stages = {stage.key: stage for stage in release.stages.select_related("gate")}
    return [Found(one, _page(one, stages)) for one in publishing.findings(release)]


def found_at(stage: Stage) -> list[Found]:
    """Those about one stage, its gate, its routes and its outcome rules."""
    return [Found(one, "") for one in publishing.findings(stage.release) if _key(one) == stage.key]


def _key(finding: Finding) -> str:
    kind, _space, rest = finding.where.partition(" ")
    return rest.partition(",")[0] if kind == "stage" else ""


def _page(finding: Finding, stages: dict[str, Stage]) -> str:
    stage = stages.get(_key(finding))
    if stage is not None:
        at_gate = hasattr(stage, "gate") and ", trigger " in finding.where
        row: models.Model = stage.gate if at_gate else stage
        return reverse(f"admin:workflows_{row._meta.model_name}_change", args=[row.pk])
    kind, _space, slug = finding.where.partition(" ")
    queue = Queue.objects.filter(slug=slug).first() if kind == "queue" else None
    return reverse("admin:workflows_queue_change", args=[queue.pk]) if queue else ""


class ShowsFindings:
    """The page of a stage or a gate of a draft says what is wrong there."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["findings"] = list(_of(context.get("original")))
        return super().render_change_form(request, context, *args, **kwargs)


def _of(row: models.Model | None) -> Iterable[Found]:
    release = release_of(row)
    if release is None or not release.is_draft:
        return []
    return found_at(row.stage if isinstance(row, Gate) else row)
