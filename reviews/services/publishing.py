"""Releases on their way: draft, proposed, live, retired. Publishing happens, and is audited."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit
from reviews.outcomes import kinds
from reviews.outcomes.rule_check import check_precondition, check_rule
from reviews.services.copying import copy_release
from workflows.linter import Finding, lint
from workflows.models import Gate, OutcomeRule, Release, Workflow
from workflows.portability import import_workflow

APPROVE_ON_TIMEOUT = "workflows.approve_on_timeout"


class NeverLive(ValueError):
    """There is nothing to go back to."""


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
    rules = OutcomeRule.objects.filter(stage__release=release).select_related("stage")
    return [
        Finding("error", f"stage {rule.stage.key}, outcome {rule.title}{what}", sentence)
        for rule in rules
        for what, sentence in _problems(
            rule, {"data_schema": release.input_schema, "args_schemas": args_schemas}
        )
    ]


def _problems(rule: OutcomeRule, schemas: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Which part of the rule, and what is wrong with it."""
    for sentence in check_rule(rule.kind, rule.template, **schemas):
        yield "", sentence
    if rule.compensation is not None:
        for sentence in check_rule(rule.kind, rule.compensation, compensates=True, **schemas):
            yield ", compensation", sentence
    if rule.precondition is not None:
        for sentence in check_precondition(rule.precondition, **schemas):
            yield ", precondition", sentence
    if rule.kind == kinds.START_CASE:
        slug = rule.template.get("workflow")
        if not Workflow.objects.filter(slug=slug).exists():
            yield "", f"There is no workflow {slug} to start a case in."


@transaction.atomic
def propose(release: Release, *, by: AbstractBaseUser) -> Release:
    """DRAFT → PROPOSED. Raises PermissionDenied or NotPublishable."""
    if not by.has_perm("workflows.change_release"):
        raise PermissionDenied(_("Proposing a release needs the permission to change it."))
    return _propose(_locked(release), by)


def _propose(release: Release, by: AbstractBaseUser) -> Release:
    errors = [finding for finding in findings(release) if finding.level == "error"]
    if errors:
        raise NotPublishable(errors)
    release.propose(proposer=by)
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
    _by_another(release, by)
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
    draft = copy_release(workflow, workflow.releases.first(), author=by, notes=notes)
    _record("release.drafted", draft, by)
    return draft


@transaction.atomic
def draft_from_file(text: str, *, by: AbstractBaseUser) -> Release:
    """A draft of what a workflow file says; the workflow is made where there is none. Raises
    PermissionDenied, or FileError with the line of what cannot be read."""
    if not by.has_perms(["workflows.add_workflow", "workflows.add_release"]):
        raise PermissionDenied(_("Reading a file needs the permission to add workflows."))
    draft = import_workflow(text, author=by)
    _record("release.drafted", draft, by)
    return draft


@transaction.atomic
def roll_back(release: Release, *, by: AbstractBaseUser, reason: str) -> Release:
    """A new release with the content of one that was live, live at once; where publishing takes
    two people, proposed to the second. Raises PermissionDenied, NeverLive or NotPublishable."""
    if not by.has_perm("workflows.publish_release"):
        raise PermissionDenied(_("Rolling back needs the permission “Can publish a release”."))
    workflow = Workflow.objects.select_for_update().get(pk=release.workflow_id)
    if release.state != Release.State.RETIRED:
        raise NeverLive(_("Only a release that was live can come back."))
    copy = copy_release(workflow, release, author=by, notes=reason)
    _record("release.rolled_back", copy, by, to=release.number)
    proposed = _propose(copy, by)
    if takes_two_people(proposed):
        return proposed
    return publish(proposed, by=by)


def takes_two_people(release: Release) -> bool:
    """The live release decides too: who would switch the rule off needs the second person."""
    live = release.workflow.live_release
    return release.two_people or (live is not None and live.two_people)


def _by_another(release: Release, by: AbstractBaseUser) -> None:
    if takes_two_people(release) and by.pk in (release.author_id, release.proposer_id):
        raise PermissionDenied(
            _("Publishing takes two people here: you made or proposed it, so another publishes it.")
        )


def _may_approve_on_timeout(release: Release, by: AbstractBaseUser) -> None:
    gates = Gate.objects.filter(stage__release=release, on_timeout=Gate.OnTimeout.APPROVE)
    if gates.exists() and not by.has_perm(APPROVE_ON_TIMEOUT):
        raise PermissionDenied(
            _("A gate approves when time runs out: publishing that needs its own permission.")
        )


def _locked(release: Release) -> Release:
    return Release.objects.select_for_update().get(pk=release.pk)


def _record(event: str, release: Release, by: AbstractBaseUser, **more: object) -> None:
    data = {"release": release.pk, "number": release.number, "notes": release.notes} | more
    audit.record(f"workflow:{release.workflow_id}", audit.Event(event, audit.by_user(by), data))
