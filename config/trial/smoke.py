"""`make smoke`: from nothing to real cases decided and carried out, checked from outside."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from handrail_client import Handrail

from agents.demo import credit_agent, refund_agent
from config.trial import parts
from config.trial.evidence import Evidence, gather
from config.trial.place import ROOT, Place, free_port, occupied
from config.trial.postgres import embedded
from config.trial.processes import Processes
from config.trial.reviewers import Reviewer
from config.trial.running import prepare

PATIENCE = 300.0


class Diary:
    """The children's output, kept in files, and the moments that the report tells."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._began = time.monotonic()
        self.moments: dict[str, float] = {}
        directory.mkdir()

    def listen(self, name: str, line: str) -> None:
        with (self._directory / f"{name.replace(' ', '-')}.log").open("a") as file:
            file.write(line + "\n")
        if name.endswith(" agent") and " by " in line:
            self.note("first case decided")
            if "by reviewer" in line:
                self.note("first case decided by a person")

    def note(self, moment: str) -> None:
        self.moments.setdefault(moment, time.monotonic() - self._began)


def smoke(*, cases: int, refunds: int) -> int:
    """A new directory and the embedded database whatever the environment names, so that what
    a newcomer gets is what is checked. Returns the exit code."""
    trials = ROOT / ".trial"
    trials.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="smoke-", dir=trials))
    diary = Diary(directory / "logs")
    with occupied(directory) as place, embedded(directory / "postgres") as database:
        faults = _walk(place, database, diary=diary, cases=cases, refunds=refunds)
    for moment, seconds in diary.moments.items():
        print(f"{moment:<34} {seconds:6.1f} s")
    if faults:
        print("\nFAILED", *faults[:40], f"Logs: {directory / 'logs'}", sep="\n  ")
        return 1
    shutil.rmtree(directory)
    print("smoke: none lost, none run twice, none run unapproved, the audit chains hold")
    return 0


def _walk(place: Place, database: str, *, diary: Diary, cases: int, refunds: int) -> list[str]:
    # Any ports: a smoke must not meet a `make run` on the same machine.
    place.memory(ledger_port=0)
    web_port = free_port(0)
    environment = place.environment(database_url=database, web_port=web_port)
    prepare(place, environment)
    diary.note("database ready")
    memory = place.memory()
    register = place.directory / "processes.json"
    with Processes(listener=diary.listen, register=register) as processes:
        _start(processes, place, web_port, environment)
        diary.note("first page")
        with _reviewers(environment["HANDRAIL_URL"], memory["passwords"]) as reviewers:
            for name, limit in (("credit", cases), ("refund", refunds)):
                key = memory["agent_keys"][name]
                parts.start_agent(
                    processes, name, key=key, limit=limit, rate=0, environment=environment
                )
            faults = _wait_for_agents(processes)
            diary.note("every agent has its decisions")
        evidence = _evidence(environment, memory["agent_keys"], cases=cases, refunds=refunds)
        diary.note("every outcome has run")
        _report(evidence, reviewers)
    faults += evidence.faults + [each for one in reviewers for each in one.trouble]
    return faults + _enough_of_each(evidence) + _audit_faults(environment)


def _start(
    processes: Processes, place: Place, web_port: int, environment: Mapping[str, str]
) -> None:
    ledger_port = place.memory()["ledger_port"]
    directory = place.directory
    parts.start_ledger(processes, directory=directory, port=ledger_port, environment=environment)
    parts.start_site(processes, directory=directory, web_port=web_port, environment=environment)
    parts.wait_for_page(environment["HANDRAIL_URL"], processes)


@contextmanager
def _reviewers(url: str, passwords: Mapping[str, str]) -> Iterator[list[Reviewer]]:
    people = ("reviewer.one", "reviewer.two", "lead")
    reviewers = [Reviewer(url, name=name, password=passwords[name]) for name in people]
    for each in reviewers:
        each.start()
    try:
        yield reviewers
    finally:
        for each in reviewers:
            each.stop().join(30)


def _wait_for_agents(processes: Processes) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        parts.stop_when_ended(processes)
        if len(processes.ended()) == 2:
            return []
        time.sleep(0.2)
    return [f"the agents still waited for decisions after {PATIENCE:.0f} s"]


def _evidence(
    environment: Mapping[str, str], keys: Mapping[str, str], *, cases: int, refunds: int
) -> Evidence:
    url, ledger = environment["HANDRAIL_URL"], environment["LEDGER_URL"]
    with (
        Handrail(url, key=keys["credit"]) as credit,
        Handrail(url, key=keys["refund"]) as refund,
    ):
        asked = [
            (credit, list(islice(credit_agent.proposals(), cases))),
            (refund, list(islice(refund_agent.proposals(), refunds))),
        ]
        return gather(asked, ledger_url=ledger)


def _enough_of_each(evidence: Evidence) -> list[str]:
    """A walk in which every case took one lane would prove little."""
    return [
        f"no case took the {lane} lane" for lane in ("auto", "human") if not evidence.lanes()[lane]
    ]


def _audit_faults(environment: Mapping[str, str]) -> list[str]:
    checked = subprocess.run(
        [sys.executable, "manage.py", "verify_audit"],
        env=dict(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    print(f"audit: {checked.stdout.strip()}")
    return [] if checked.returncode == 0 else [f"verify_audit: {checked.stdout}{checked.stderr}"]


def _report(evidence: Evidence, reviewers: list[Reviewer]) -> None:
    people = {each.name: each.decided.total() for each in reviewers}
    for title, counts in (
        ("cases by lane", evidence.lanes()),
        ("cases by trigger", evidence.triggers()),
        ("cases by decision", evidence.decisions()),
        ("verdicts pressed", people),
    ):
        print(
            f"{title:<18}", ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        )
    allowed = sum(case.allowed for case in evidence.cases.values())
    print(f"{'cases':<18} {len(evidence.cases)} posted and found again, {allowed} to carry out")
    print(f"{'ledger':<18} {evidence.booked} booked with their letters, {evidence.replays} repeats")
