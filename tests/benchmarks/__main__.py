"""make bench: each scenario against its baseline, in turns. One of them: SCENARIO=submit."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from config.trial.place import ROOT
from tests.benchmarks import results
from tests.benchmarks.grounds import grounds

SCENARIOS = (
    "submit",
    "round_trip",
    "reaction",
    "outcomes",
    "backlog",
    "keyboard",
    "waiters",
    "memory",
    "replay",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="?", choices=SCENARIOS)
    chosen = parser.parse_args().scenario
    rows = []
    for name in [chosen] if chosen else SCENARIOS:
        started = time.monotonic()
        found = measured(name)
        rows += found
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
        for row in found:
            print(f"  {row.scenario}: {row.ours} against {row.baseline}", file=sys.stderr)
        sys.stderr.flush()
    title = results.title_of_run()
    print(f"\n{title}\n\n{results.table(rows)}")
    if not chosen:
        results.append(rows, title=title)


def measured(name: str) -> list[results.Row]:
    with grounds() as environment:
        file = Path(environment["BENCH_DIRECTORY"]) / "rows.json"
        command = [sys.executable, "-m", "tests.benchmarks.child", name, str(file)]
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            raise SystemExit(f"The scenario {name} could not be measured.")
        return results.read(file)


if __name__ == "__main__":
    main()
