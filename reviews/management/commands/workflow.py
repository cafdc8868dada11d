from argparse import ArgumentParser
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from reviews.services.publishing import (
    NotPublishable,
    draft_from_file,
    findings,
    propose,
    publish,
    takes_two_people,
)
from workflows.admin.told_changes import changes_of, in_lines
from workflows.models import Release, Workflow
from workflows.portability import FileError, export_release

Step = Callable[[Release, AbstractBaseUser], str]


class Command(BaseCommand):
    help = "Carries workflows as files: apply reads one into a draft, export writes one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        apply = verbs.add_parser("apply", help="Read files, each into a new draft release.")
        apply.add_argument("files", nargs="+", type=Path)
        step = apply.add_mutually_exclusive_group()
        step.add_argument("--publish", action="store_true", help="Propose and publish it at once.")
        step.add_argument("--dry-run", action="store_true", help="Only say what would change.")
        apply.add_argument("--as", dest="username", required=True, help="On whose behalf.")
        export = verbs.add_parser("export", help="Write the live release, or else the newest.")
        export.add_argument("slug")
        export.add_argument("--release", type=int, help="The number of another release.")

    def handle(self, *, verb: str, **options: Any) -> None:
        if verb == "apply":
            author = _user(options["username"])
            step = _said if options["dry_run"] else _published if options["publish"] else _drafted
            for path in options["files"]:
                self.stdout.write(_apply(path, author=author, step=step))
        else:
            release = _release(options["slug"], options["release"])
            self.stdout.write(export_release(release), ending="")


def _apply(path: Path, *, author: AbstractBaseUser, step: Step) -> str:
    """What happened to the file, in words. All of it happens, or nothing."""
    try:
        with transaction.atomic():
            return _applied(draft_from_file(path.read_text(), by=author), author, step)
    except (OSError, UnicodeDecodeError, FileError, PermissionDenied) as error:
        raise CommandError(f"{path}: {error}") from error
    except NotPublishable as error:
        wrong = "\n".join(f"  {one.where}: {one.sentence}" for one in error.findings)
        raise CommandError(f"{path} cannot be published:\n{wrong}") from error


def _applied(draft: Release, author: AbstractBaseUser, step: Step) -> str:
    workflow, live = draft.workflow, draft.workflow.live_release
    if live and export_release(draft) == export_release(live):
        transaction.set_rollback(True)
        return f"{workflow.slug}: release {live.number} is live and says the same."
    remarks = [f"  {one.level}: {one.where}: {one.sentence}" for one in findings(draft)]
    return "\n".join([f"{workflow.slug}: {step(draft, author)}", *remarks])


def _said(draft: Release, author: AbstractBaseUser) -> str:
    """The difference to what is live: in words, and line by line."""
    live = draft.workflow.live_release
    words = "\n".join(["nothing is changed. It would mean:", *in_lines(changes_of(live, draft))])
    before = export_release(live).splitlines() if live else []
    lines = unified_diff(before, export_release(draft).splitlines(), "live", "file", lineterm="")
    transaction.set_rollback(True)
    return "\n".join([words, "", *lines])


def _drafted(draft: Release, author: AbstractBaseUser) -> str:
    return f"release {draft.number} is a draft."


def _published(draft: Release, author: AbstractBaseUser) -> str:
    proposed = propose(draft, by=author)
    if takes_two_people(proposed):
        return f"release {draft.number} is proposed: publishing takes another person here."
    publish(proposed, by=author)
    return f"release {draft.number} is live."


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
