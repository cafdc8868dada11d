"""Runs one command, such as pytest, with a real database and broker around it."""

import os
import subprocess
from collections.abc import Sequence

from config.trial.place import ROOT, first_free, free_port
from config.trial.postgres import named_or_embedded


def run_command(command: Sequence[str]) -> int:
    """What the environment already names (DATABASE_URL, REDIS_URL, SECRET_KEY, …) is kept."""
    with (
        first_free(ROOT / ".trial" / "test") as place,
        named_or_embedded(place.directory / "postgres") as database,
    ):
        environment = place.environment(
            database_url=database,
            web_port=free_port(8000),
            redis_url=os.environ.get("REDIS_URL", ""),
        )
        environment["HANDRAIL_TESTING"] = "1"
        return subprocess.run(list(command), env=environment | os.environ, cwd=ROOT).returncode
