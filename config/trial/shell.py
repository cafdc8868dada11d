"""Runs one command, such as pytest, with a real database and broker around it."""

import os
import subprocess
from collections.abc import Sequence

from config.trial.place import ROOT, free_port, occupied
from config.trial.postgres import named_or_embedded

TESTS_DIRECTORY = ROOT / ".trial" / "test"


def run_command(command: Sequence[str]) -> int:
    """What the environment already names (DATABASE_URL, REDIS_URL, SECRET_KEY, …) is kept."""
    with (
        occupied(TESTS_DIRECTORY) as place,
        named_or_embedded(TESTS_DIRECTORY / "postgres") as database,
    ):
        environment = place.environment(
            database_url=database,
            web_port=free_port(8000),
            redis_url=os.environ.get("REDIS_URL", ""),
        )
        environment["HANDRAIL_TESTING"] = "1"
        return subprocess.run(list(command), env=environment | os.environ, cwd=ROOT).returncode
