from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from reviews.services.publishing import NotPublishable, propose, publish
from workflows.linter import lint
from workflows.models import Release, Workflow
from workflows.portability import FileError, export_release, import_workflow


class Command(BaseCommand):
    help = "Carries workflows as files: apply reads one into a draft, export writes one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        apply = verbs.add_parser("apply", help="Read files, each into a new draft release.")
        apply.add_argument("files", nargs="+", type=Path)
        apply.add_argument("--publish", action="store_true", help="Propose and publish it at once.")
        apply.add_argument("--as", dest="username", required=True, help="On whose behalf.")
        export = verbs.add_parser("export", help="Write the live release, or else the newest.")
        export.add_argument("slug")
        export.add_argument("--release", type=int, help="The number of another release.")

    def handle(self, *, verb: str, **options: Any) -> None:
        if verb == "apply":
            author = _user(options["username"])
            for path in options["files"]:
                self.stdout.write(_apply(path, author=author, live=options["publish"]))
        else:
            release = _release(options["slug"], options["release"])
            self.stdout.write(export_release(release), ending="")


def _apply(path: Path, *, author: AbstractBaseUser, live: bool) -> str:
    """What happened to the file, in words. All of it happens, or nothing."""
    try:
        with transaction.atomic():
            return _applied(import_workflow(path.read_text(), author=author), author, live)
    except (OSError, UnicodeDecodeError, FileError, PermissionDenied) as error:
        raise CommandError(f"{path}: {error}") from error
    except NotPublishable as error:
        wrong = "\n".join(f"  {one.where}: {one.sentence}" for one in error.findings)
        raise CommandError(f"{path} cannot be published:\n{wrong}") from error


def _applied(draft: Release, author: AbstractBaseUser, live: bool) -> str:
    workflow = draft.workflow
    if workflow.live_release and export_release(draft) == export_release(workflow.live_release):
        transaction.set_rollback(True)
        return f"{workflow.slug}: release {workflow.live_release.number} is live and says the same."
    remarks = [f"  {one.level}: {one.where}: {one.sentence}" for one in lint(draft)]
    if live:
        publish(propose(draft, by=author), by=author)
    state = "is live" if live else "is a draft"
    return "\n".join([f"{workflow.slug}: release {draft.number} {state}.", *remarks])


def _user(username: str) -> AbstractBaseUser:
    try:
        return get_user_model().objects.get_by_natural_key(username)
    except get_user_model().DoesNotExist as error:
        raise CommandError(f"There is no user {username}.") from error


def _release(slug: str, number: int | None) -> Release:
    workflow = Workflow.objects.filter(slug=slug).first()
    if workflow is None:
        known = ", ".join(Workflow.objects.values_list("slug", flat=True)) or "none"
        raise CommandError(f"There is no workflow {slug}; there is {known}.")
    if number is None:
        found = workflow.live_release or workflow.releases.first()
    else:
        found = workflow.releases.filter(number=number).first()
    if found is None:
        raise CommandError(f"{slug} has no such release.")
    return found
