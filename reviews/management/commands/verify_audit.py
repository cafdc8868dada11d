from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews.chains import stored_chains
from reviews.verification import faults

MOST_FAULTS_SHOWN = 200


class Command(BaseCommand):
    help = "Recomputes every hash of the audit record and says what does not fit, and where."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", default="", help="One chain alone, such as case:0198… .")

    def handle(self, *, chain: str, **options: Any) -> None:
        entries = chains = wrong = 0
        for stored in stored_chains(chain):
            chains += 1
            entries += len(stored.entries)
            for fault in faults(stored):
                wrong += 1
                if wrong <= MOST_FAULTS_SHOWN:
                    self.stdout.write(str(fault))
        if chain and not chains:
            raise CommandError(f"There is no chain {chain}.")
        if wrong:
            raise CommandError(f"{wrong} found wrong in {entries} entries of {chains} chains.")
        self.stdout.write(f"ok, {entries} entries in {chains} chains")
