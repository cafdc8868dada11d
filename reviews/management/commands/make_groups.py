from typing import Any

from django.core.management.base import BaseCommand

from reviews.services.people import make_groups


class Command(BaseCommand):
    help = "Makes the ready groups: reviewer, lead, designer, publisher, auditor."

    def handle(self, **options: Any) -> None:
        for group in make_groups():
            self.stdout.write(f"{group.name}: {group.permissions.count()} permissions")
