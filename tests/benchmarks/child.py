"""One scenario, in a process of its own: python -m tests.benchmarks.child NAME FILE"""

import sys
from importlib import import_module
from pathlib import Path

import django
from django.core.management import call_command

from tests.benchmarks.results import write


def main(name: str, file: Path) -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    # Models can be imported after set-up only.
    write(import_module(f"tests.benchmarks.{name}").measure(), file)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
