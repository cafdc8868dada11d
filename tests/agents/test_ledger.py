import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from agents.demo.ledger import Ledger

LOAN = {"case": "case_1", "application": "A00001", "amount": "800.00"}


@pytest.fixture
def open_ledger(tmp_path):
    running = []

    def start():
        ledger = Ledger(port=0, file=tmp_path / "ledger.jsonl")
        threading.Thread(target=ledger.serve_forever, args=(0.01,), daemon=True).start()
        running.append(ledger)
        return httpx2.Client(base_url=f"http://127.0.0.1:{ledger.server_port}")

    yield start
    for ledger in running:
        ledger.shutdown()
        ledger.server_close()


def test_a_key_is_booked_once_and_answered_the_same_again(open_ledger):
    ledger = open_ledger()
    answers = [
        ledger.post("/loans", json=LOAN, headers={"Idempotency-Key": "k1"}) for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert {answer.json()["number"] for answer in answers} == {1}
    report = ledger.get("/entries").json()
    assert [(entry["key"], entry["body"], entry["seen"]) for entry in report["entries"]] == [
        ("k1", LOAN, 3)
    ]
    assert (report["requests"], report["replays"], report["conflicts"]) == (3, 2, [])


def test_the_same_key_for_something_else_is_refused_and_shown(open_ledger):
    ledger = open_ledger()
    ledger.post("/loans", json=LOAN, headers={"Idempotency-Key": "k1"})
    changed = LOAN | {"amount": "9999.00"}
    answer = ledger.post("/loans", json=changed, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 422
    report = ledger.get("/entries").json()
    assert report["conflicts"] == ["k1"]
    assert report["entries"][0]["body"] == LOAN


@pytest.mark.parametrize(
    ("path", "headers", "content", "status"),
    [
        ("/loans", {}, b"{}", 400),
        ("/loans", {"Idempotency-Key": "k"}, b"no json", 400),
        ("/loans", {"Idempotency-Key": "k"}, b"[]", 400),
        ("/elsewhere", {"Idempotency-Key": "k"}, b"{}", 404),
    ],
)
def test_what_cannot_be_booked_is_refused_in_words(open_ledger, path, headers, content, status):
    ledger = open_ledger()
    answer = ledger.post(path, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert ledger.get("/entries").json()["requests"] == 0


def test_eight_callers_with_one_key_book_it_once(open_ledger):
    ledger = open_ledger()

    def post(_):
        return ledger.post("/loans", json=LOAN, headers={"Idempotency-Key": "k1"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(post, range(40))) == [200] * 39 + [201]


def test_a_restarted_ledger_remembers_and_forgets_a_half_written_line(open_ledger, tmp_path):
    first = open_ledger()
    first.post("/loans", json=LOAN, headers={"Idempotency-Key": "k1"})
    with (tmp_path / "ledger.jsonl").open("a") as file:
        file.write('{"key": "k2", "pa')
    second = open_ledger()
    assert second.post("/loans", json=LOAN, headers={"Idempotency-Key": "k1"}).status_code == 200
    assert second.post("/loans", json=LOAN, headers={"Idempotency-Key": "k2"}).status_code == 201
    third = open_ledger()
    assert len(third.get("/entries").json()["entries"]) == 2
