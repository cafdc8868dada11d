import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from reviews import audit
from reviews.services.record import record_lines


class Command(BaseCommand):
    help = "Writes the record with its checkpoints, for handrail-verify; - is the standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")

    def handle(self, *, file: str, **options: Any) -> None:
        with transaction.atomic():
            taken = audit.Event("record.exported", audit.SYSTEM, {"format": "with checkpoints"})
            audit.record("site", taken)
        if file == "-":
            for line in record_lines():
                sys.stdout.buffer.write(line)
            return
        with Path(file).open("wb") as out:
            out.writelines(record_lines())
