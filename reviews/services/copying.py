"""A release copied into a new draft, row by row."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from workflows.models import Gate, Release, Workflow

# A copy is a draft of its own: where it stands and who moved it is not content.
FRESH = frozenset(
    {
        "id",
        "number",
        "state",
        "notes",
        "author",
        "proposer",
        "publisher",
        "created_at",
        "proposed_at",
        "published_at",
        "retired_at",
    }
)


def copy_release(
    workflow: Workflow, source: Release | None, *, author: AbstractBaseUser, notes: str
) -> Release:
    """A draft with the next number and the content of `source`, or empty. The caller holds the
    lock of the workflow."""
    last = workflow.releases.aggregate(last=models.Max("number"))["last"] or 0
    content = {"workflow_id": workflow.pk} | (_values(source, FRESH) if source else {})
    copy = Release.objects.create(**content, number=last + 1, author_id=author.pk, notes=notes)
    if source:
        _copy_content(source, copy)
    return copy


def _copy_content(source: Release, target: Release) -> None:
    for action in source.action_types.all():
        _copy(action, release=target)
    stages = {stage.pk: _copy(stage, release=target) for stage in source.stages.all()}
    for old in source.stages.select_related("gate").prefetch_related("routes", "outcome_rules"):
        for route in old.routes.all():
            _copy(route, stage=stages[old.pk], to_stage=stages[route.to_stage_id])
        for rule in old.outcome_rules.all():
            _copy(rule, stage=stages[old.pk])
        if hasattr(old, "gate"):
            _copy_gate(old.gate, stages)


def _copy_gate(old: Gate, stages: dict[int, models.Model]) -> None:
    gate = _copy(old, stage=stages[old.stage_id])
    for row in [*old.triggers.all(), *old.reason_codes.all(), *old.ladder.all()]:
        _copy(row, gate=gate)
    for rule in old.separation_rules.all():
        _copy(rule, gate=gate, stage=stages.get(rule.stage_id))


def _copy(row: models.Model, **changed: object) -> models.Model:
    values = _values(row, {"id", *changed})
    return type(row)._default_manager.create(**values, **changed)


def _values(row: models.Model, without: Collection[str]) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in without
    }
