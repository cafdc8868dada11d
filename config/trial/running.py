"""`make run`: the whole site with its demo agents, until Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config.trial import parts
from config.trial.place import ROOT, Place, free_port, occupied
from config.trial.postgres import named_or_embedded
from config.trial.processes import Processes

WEB_PORT = 8000
CREDIT_CASES, REFUND_CASES = 400, 120
CASES_A_SECOND = 2.0


def run() -> None:
    began = time.monotonic()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _as_ctrl_c)
    directory = Path(os.environ.get("HANDRAIL_TRIAL_DIR", ROOT / ".trial")).resolve()
    try:
        with occupied(directory) as place, named_or_embedded(directory / "postgres") as database:
            _serve(place, database_url=database, began=began)
    except KeyboardInterrupt:
        print("Stopped. `make run` continues from here.", file=sys.stderr)


def prepare(place: Place, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.trial.prepare", str(place.directory)],
        env=dict(environment),
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise SystemExit("The database could not be made ready; the reason stands above.")


def _serve(place: Place, *, database_url: str, began: float) -> None:
    web_port = free_port(int(os.environ.get("HANDRAIL_PORT", WEB_PORT)))
    environment = place.environment(
        database_url=database_url, web_port=web_port, redis_url=os.environ.get("REDIS_URL", "")
    )
    prepare(place, environment)
    register = place.directory / "processes.json"
    with Processes(listener=parts.say, register=register) as processes:
        directory, memory = place.directory, place.memory()
        parts.start_ledger(
            processes, directory=directory, port=memory["ledger_port"], environment=environment
        )
        parts.start_site(processes, directory=directory, web_port=web_port, environment=environment)
        parts.wait_for_page(environment["HANDRAIL_URL"], processes)
        for name, limit in (("credit", CREDIT_CASES), ("refund", REFUND_CASES)):
            parts.start_agent(
                processes,
                name,
                key=memory["agent_keys"][name],
                limit=limit,
                rate=CASES_A_SECOND,
                environment=environment,
            )
        _greet(environment["HANDRAIL_URL"], memory["passwords"], time.monotonic() - began)
        while True:
            parts.stop_when_ended(processes)
            time.sleep(0.5)


def _greet(url: str, passwords: Mapping[str, str], seconds: float) -> None:
    people = "\n".join(f"    {name:<14} {password}" for name, password in passwords.items())
    print(
        f"\nHandrail is ready after {seconds:.0f} s: {url}\n\n{people}\n\n"
        "The demo agents are posting credit applications and refunds. Ctrl-C stops everything.\n",
        flush=True,
    )


def _as_ctrl_c(number: int, frame: object) -> None:
    raise KeyboardInterrupt
