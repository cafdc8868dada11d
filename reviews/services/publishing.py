"""Releases on their way: draft, proposed, live, retired. Publishing happens, and is audited."""

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext as _

from reviews import audit
from reviews.outcomes.template_check import check_template
from workflows.linter import Finding, lint
from workflows.models import Gate, OutcomeRule, Release, Workflow

APPROVE_ON_TIMEOUT = "workflows.approve_on_timeout"


class NotPublishable(ValueError):
    """The release has errors; `findings` say which and how to mend them."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(" ".join(finding.sentence for finding in findings))
        self.findings = findings


def findings(release: Release) -> list[Finding]:
    """All that is wrong with a release: its graph and rules, and the requests it would send."""
    return [*lint(release), *_template_findings(release)]


def _template_findings(release: Release) -> list[Finding]:
    args_schemas = [action.args_schema for action in release.action_types.all()]
    return [
        Finding("error", f"stage {rule.stage.key}, outcome {rule.title}", sentence)
        for rule in OutcomeRule.objects.filter(stage__release=release).select_related("stage")
        for sentence in check_template(
            rule.template, data_schema=release.input_schema, args_schemas=args_schemas
        )
    ]


@transaction.atomic
def propose(release: Release, *, by: AbstractBaseUser) -> Release:
    """DRAFT → PROPOSED. Raises PermissionDenied or NotPublishable."""
    if not by.has_perm("workflows.change_release"):
        raise PermissionDenied(_("Proposing a release needs the permission to change it."))
    release = _locked(release)
    errors = [finding for finding in findings(release) if finding.level == "error"]
    if errors:
        raise NotPublishable(errors)
    release.propose()
    release.save()
    _record("release.proposed", release, by)
    return release


@transaction.atomic
def take_back(release: Release, *, by: AbstractBaseUser) -> Release:
    """PROPOSED → DRAFT. Raises PermissionDenied."""
    if not by.has_perm("workflows.change_release"):
        raise PermissionDenied(_("Taking a release back needs the permission to change it."))
    release = _locked(release)
    release.take_back()
    release.save()
    _record("release.taken_back", release, by)
    return release


@transaction.atomic
def publish(release: Release, *, by: AbstractBaseUser) -> Release:
    """PROPOSED → LIVE; the release that was live is retired, and cases under way finish on it.
    Raises PermissionDenied, or TransitionNotAllowed when it was not proposed."""
    if not by.has_perm("workflows.publish_release"):
        raise PermissionDenied(_("Publishing needs the permission “Can publish a release”."))
    workflow = Workflow.objects.select_for_update().get(pk=release.workflow_id)
    release = _locked(release)
    _may_approve_on_timeout(release, by)
    for live in Release.objects.filter(workflow=workflow, state=Release.State.LIVE):
        live.retire()
        live.save()
        _record("release.retired", live, by)
    release.publish(publisher=by)
    release.save()
    workflow.live_release = release
    workflow.save()
    _record("release.published", release, by)
    return release


@transaction.atomic
def new_draft(workflow: Workflow, *, by: AbstractBaseUser, notes: str = "") -> Release:
    """A draft with the content of the newest release, to be changed and published."""
    if not by.has_perm("workflows.add_release"):
        raise PermissionDenied(_("A new draft needs the permission to add releases."))
    workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
    newest = workflow.releases.order_by("-number").first()
    draft = Release.objects.get(pk=newest.pk) if newest else Release(workflow=workflow)
    fresh = {
        field.attname: getattr(draft, field.attname)
        for field in Release._meta.concrete_fields
        if field.name
        not in {
            "id",
            "state",
            "publisher",
            "created_at",
            "proposed_at",
            "published_at",
            "retired_at",
        }
    }
    copy = Release.objects.create(
        **(
            fresh
            | {"number": (newest.number if newest else 0) + 1, "author_id": by.pk, "notes": notes}
        )
    )
    if newest:
        _copy_content(newest, copy)
    _record("release.drafted", copy, by)
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
    for row in [*old.triggers.all(), *old.reason_codes.all()]:
        _copy(row, gate=gate)
    for rule in old.separation_rules.all():
        _copy(rule, gate=gate, stage=stages.get(rule.stage_id))


def _copy(row: models.Model, **changed: object) -> models.Model:
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key and field.name not in changed
    }
    return type(row)._default_manager.create(**values, **changed)


def _may_approve_on_timeout(release: Release, by: AbstractBaseUser) -> None:
    gates = Gate.objects.filter(stage__release=release, on_timeout=Gate.OnTimeout.APPROVE)
    if gates.exists() and not by.has_perm(APPROVE_ON_TIMEOUT):
        raise PermissionDenied(
            _("A gate approves when time runs out: publishing that needs its own permission.")
        )


def _locked(release: Release) -> Release:
    return Release.objects.select_for_update().get(pk=release.pk)


def _record(event: str, release: Release, by: AbstractBaseUser) -> None:
    data = {"release": release.pk, "number": release.number, "notes": release.notes}
    audit.record(f"workflow:{release.workflow_id}", audit.Event(event, audit.by_user(by), data))
