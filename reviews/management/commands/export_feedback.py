from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews.services.feedback_export import export_feedback
from workflows.models import Workflow


class Command(BaseCommand):
    help = "Writes what people changed as JSONL files for training and tracing tools."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--workflow", default="", help="The slug of one workflow alone.")
        parser.add_argument(
            "--seen-first",
            action="store_true",
            help="With approvals and rejections that were given with the proposal in sight.",
        )

    def handle(self, *, folder: Path, workflow: str, seen_first: bool, **options: Any) -> None:
        only = Workflow.objects.filter(slug=workflow).first() if workflow else None
        if workflow and only is None:
            raise CommandError(f"There is no workflow {workflow}.")
        manifest = export_feedback(folder, by=None, workflow=only, seen_first=seen_first)
        for name, about in manifest["files"].items():
            self.stdout.write(f"{name}: {about['rows']}")
        for why, count in sorted(manifest["left_out"].items()):
            self.stdout.write(f"left out, {why}: {count}")
