"""What must hold after everything: read from the database and the ledger, not from the site."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping

from config.trial.place import ROOT
from tests.faults.stack import Stack

SETTLE_SECONDS = 60.0
UNSETTLED = """
SELECT external_id, state, (
    SELECT string_agg(kind || ' ' || run.state || ' ' || run.last_error, '; ')
    FROM reviews_outcomerun run WHERE run.case_id = found.id)
FROM reviews_case found WHERE external_id LIKE %s AND (state <> 'COMPLETED' OR EXISTS (
    SELECT FROM reviews_outcomerun run WHERE run.case_id = found.id AND run.state <> 'SUCCEEDED'))
"""
DECIDED = """
SELECT found.external_id, decision.verdict, run.idempotency_key
FROM reviews_case found
JOIN reviews_decision decision ON decision.case_id = found.id
LEFT JOIN reviews_outcomerun run ON run.decision_id = decision.id AND run.kind = 'http_request'
WHERE found.external_id LIKE %s
"""


def broken_promises(
    stack: Stack, batch: str, *, cases: int, confirmed: Mapping[str, str]
) -> list[str]:
    """Sentences; empty when every decided case's outcome has run, once, as it was decided."""
    broken = _wait_until_settled(stack, batch)
    decided = stack.ask(DECIDED, f"{batch}-%")
    verdicts = {name: verdict for name, verdict, _ in decided}
    keys = [key for _, _, key in decided if key]
    if Counter(name for name, *_ in decided) != Counter(f"{batch}-{n}" for n in range(cases)):
        broken.append(f"{cases} cases were opened, decided were {sorted(verdicts)}")
    broken += [
        f"{name}: {verdict} was confirmed, {verdicts.get(name)} is on record"
        for name, verdict in confirmed.items()
        if verdicts.get(name) != verdict
    ]
    broken += [
        f"{name}: {verdict}, and its outcome is {key}"
        for name, verdict, key in decided
        if (verdict == "reject") != (key is None)
    ]
    return broken + _ledger(stack, keys) + _audit(stack)


def _wait_until_settled(stack: Stack, batch: str) -> list[str]:
    deadline = time.monotonic() + SETTLE_SECONDS
    while rows := stack.ask(UNSETTLED, f"{batch}-%"):
        if time.monotonic() > deadline:
            return [f"{name} is {state}: {runs}" for name, state, runs in rows]
        time.sleep(0.2)
    return []


def _ledger(stack: Stack, keys: list[str]) -> list[str]:
    """Each key of this batch is booked once, for a case of its own."""
    book = stack.ledger()
    booked = [entry for entry in book["entries"] if entry["key"] in keys]
    broken = [f"{key} was used for two requests" for key in book["conflicts"]]
    missing = set(keys) - {entry["key"] for entry in booked}
    broken += [f"{key} was decided and never booked" for key in missing]
    twice = Counter(entry["body"]["case"] for entry in booked)
    broken += [f"{case} was booked {count} times" for case, count in twice.items() if count > 1]
    known = {key for (key,) in stack.ask("SELECT idempotency_key FROM reviews_outcomerun")}
    strangers = {entry["key"] for entry in book["entries"]} - known
    return broken + [f"{key} was booked and never decided" for key in strangers]


def _audit(stack: Stack) -> list[str]:
    checked = subprocess.run(
        [sys.executable, "manage.py", "verify_audit"],
        env=stack.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return [] if checked.returncode == 0 else [f"verify_audit: {checked.stdout}{checked.stderr}"]
