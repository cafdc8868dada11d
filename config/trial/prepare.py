"""Makes the trial's database ready, each thing once: python -m config.trial.prepare DIRECTORY

A process of its own, because Django reads its settings from an environment that the trial's own
process has only just made.
"""

import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

django.setup()

from config.trial import seed  # noqa: E402 (models can be imported only after the set-up)
from config.trial.place import Place  # noqa: E402


def main(directory: Path) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    if not settings.REDIS_URL:
        call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    seed.fill(Place(directory))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
