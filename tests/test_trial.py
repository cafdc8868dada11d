import os
import signal
import socket
import subprocess
import sys
import time
from threading import Thread

import psutil
import pytest
from handrail_client.case import case_from

from agents.demo import credit_agent
from agents.demo.ledger import Ledger
from config.trial.evidence import gather
from config.trial.pages import Button, Page
from config.trial.place import first_free, free_port, occupied
from config.trial.processes import Processes, end_leftovers

FORM = """
<form id="decide" method="post" action="/reviews/7/decide/">
  <input type="hidden" name="token" value="t&amp;1">
  <input name="args/amount" value="1800.00"><input type="checkbox" name="told" checked>
  <input type="checkbox" name="unsure"><input name="off" value="x" disabled>
  <select name="reason_code"><option value="">Choose</option><option value="limit">Limit</option>
  </select>
  <textarea name="note">
Your application
is approved.</textarea>
  <button name="verdict" value="approve">Approve</button>
</form>
<form action="/search/"><input name="q" value=""></form>
<button form="decide" name="verdict" value="reject">Reject</button>
"""


def test_a_form_is_read_as_a_browser_would_send_it():
    form = Page("http://site/reviews/7/", 200, FORM).form_to("/decide/")
    assert form.fields == {
        "token": "t&1",
        "args/amount": "1800.00",
        "told": "on",
        "reason_code": "",
        "note": "Your application\nis approved.",
    }
    assert form.choices == {"reason_code": ["", "limit"]}
    assert form.buttons == [Button("verdict", "approve"), Button("verdict", "reject")]


def test_a_second_trial_in_the_same_place_is_refused_in_words(tmp_path):
    with occupied(tmp_path), pytest.raises(SystemExit, match="Another trial is running"):
        occupied(tmp_path).__enter__()


def test_two_commands_side_by_side_get_a_place_each(tmp_path):
    with first_free(tmp_path / "test") as one, first_free(tmp_path / "test") as other:
        assert one.directory != other.directory
    with first_free(tmp_path / "test") as again:
        assert again.directory == one.directory


def test_a_second_run_finds_the_secrets_of_the_first(tmp_path):
    with occupied(tmp_path) as place:
        first = place.memory()
        assert place.memory_file.stat().st_mode & 0o077 == 0
    with occupied(tmp_path) as place:
        assert place.memory() == first


def test_a_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        assert free_port(wanted) != wanted
    assert free_port(wanted) == wanted


SPAWNER = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print(child.pid, flush=True); time.sleep(60)"
)


@pytest.fixture
def spawner(tmp_path, monkeypatch):
    (tmp_path / "spawner.py").write_text(SPAWNER)
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def started(processes, lines, environment):
    processes.start("spawner", ["spawner"], environment=environment)
    while not lines:
        time.sleep(0.02)
    return psutil.Process(int(lines[0]))


def test_stopping_reaches_what_the_children_started(tmp_path, spawner):
    lines, register = [], tmp_path / "processes.json"
    with Processes(listener=lambda name, line: lines.append(line), register=register) as processes:
        grandchild = started(processes, lines, spawner)
    gone, _ = psutil.wait_procs([grandchild], timeout=5)
    assert gone
    assert not register.exists()


def test_what_a_killed_trial_left_behind_is_ended_by_the_next(tmp_path, spawner):
    lines, register = [], tmp_path / "processes.json"
    processes = Processes(listener=lambda name, line: lines.append(line), register=register)
    grandchild = started(processes, lines, spawner)
    end_leftovers(register)
    gone, _ = psutil.wait_procs([grandchild], timeout=5)
    assert gone
    processes.stop()


def test_a_leftover_register_never_ends_somebody_elses_process(tmp_path):
    register = tmp_path / "processes.json"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as innocent:
        register.write_text(f"[[{innocent.pid}, 12345.0]]")
        end_leftovers(register)
        assert innocent.poll() is None
        innocent.send_signal(signal.SIGKILL)


class TheAgentsLine:
    """Answers `open` as the site would: approved as proposed."""

    def __init__(self, **case):
        self._case = {"id": "case_1", "status": "decided", "lane": "human", "version": 2} | case

    def open(self, workflow, *, idempotency_key, action, **fields):
        return case_from(self._case, proposed_action=action, replayed=True)


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    monkeypatch.setattr("config.trial.evidence.SETTLE_SECONDS", 0)
    ledger = Ledger(port=0, file=tmp_path / "ledger.jsonl")
    Thread(target=ledger.serve_forever, args=(0.01,), daemon=True).start()
    yield ledger
    ledger.shutdown()
    ledger.server_close()


PROPOSAL = next(credit_agent.proposals())
ARGS = {k: v for k, v in PROPOSAL.fields["action"]["args"].items() if k != "note"}
APPROVE = {"decision": {"type": "approve", "by": "reviewer"}}


def faults_of(ledger, line):
    url = f"http://127.0.0.1:{ledger.server_port}"
    return gather([(line, [PROPOSAL])], ledger_url=url).faults


def test_the_smoke_is_content_when_what_was_approved_ran_once(ledger):
    ledger.book.book(key="d1", path="/loans", body={"case": "case_1", **ARGS})
    ledger.book.book(key="d1", path="/loans", body={"case": "case_1", **ARGS})
    ledger.book.book(key="l1", path="/letters", body={"case": "case_1"})
    assert faults_of(ledger, TheAgentsLine(**APPROVE)) == []


@pytest.mark.parametrize(
    ("bookings", "case", "fault"),
    [
        ([], APPROVE, "was booked 0 times, 1 decided"),
        ([("d1", {}), ("d2", {})], APPROVE, "was booked 2 times"),
        ([("d1", {"amount": "9999.00"})], APPROVE, "ran {"),
        ([("d1", {})], {"decision": {"type": "reject"}}, "was booked 1 times, 0 decided"),
        ([("d1", {}), ("d1", {"rate": "0.00"})], APPROVE, "with two bodies"),
        ([("d1", {"case": "case_9"})], APPROVE, "which nobody opened"),
        ([], {"status": "pending"}, "is still pending"),
    ],
)
def test_the_smoke_fails_when_anything_else_ran(ledger, bookings, case, fault):
    for key, changes in bookings:
        ledger.book.book(key=key, path="/loans", body={"case": "case_1", **ARGS} | changes)
    assert any(fault in each for each in faults_of(ledger, TheAgentsLine(**case)))
