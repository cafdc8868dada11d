"""Collects the text of the pages that people work on: makemessages -l de, then compilemessages.

Only who writes translations needs gettext's programs: the compiled catalogue is in the
repository. The pages of the set-up, in /admin/, are in English so far.
"""

from typing import Any, Final

from django.core.management.commands.makemessages import Command as DjangoCommand

LEFT_OUT: Final = (
    ".venv",
    "tests",
    "agents/client",
    "agents/admin",
    "reviews/admin",
    "workflows/admin",
    "templates/admin/agents",
    "templates/admin/workflows",
    "staticfiles",
)


class Command(DjangoCommand):
    xgettext_options = [*DjangoCommand.xgettext_options, "--keyword=noop"]
    # A guess from a similar text is wrong more often than it helps.
    msgmerge_options = [*DjangoCommand.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        options["ignore_patterns"] += [f"{place}/*" for place in LEFT_OUT]
        # Line numbers in the catalogue would change with every commit.
        options |= {"no_location": True, "no_obsolete": True, "no_wrap": True}
        super().handle(*args, **options)
