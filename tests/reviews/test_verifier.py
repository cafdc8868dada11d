"""The standalone verifier against a database whose owner has switched every guard off."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import handrail_verify
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings as site
from django.core.management import call_command
from django.db import connection, transaction

from reviews import audit
from reviews.checkpoint_keys import key_ring
from reviews.models import AuditEntry, AuditHead, Case
from reviews.services import checkpoints
from reviews.timeline import LARGEST
from tests.deciding import case_of, run_everything_due, take_and_decide
from tests.flows.admin_pages import logged_in

VERIFIER = Path(site.BASE_DIR) / "agents" / "verifier" / "handrail_verify.py"


@pytest.fixture
def shelf(settings, tmp_path) -> Path:
    place = tmp_path / "published"
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = settings.STORAGES | {
        "checkpoints": {"BACKEND": backend, "OPTIONS": {"location": str(place)}}
    }
    return place


@pytest.fixture
def case(house, agent, shelf) -> Case:
    """One of several, decided between two checkpoints; a third case is newer than both."""
    agent.post()
    case = case_of(agent.post(confidence=0.71))
    checkpoints.make(below=LARGEST)
    take_and_decide(house.one)
    agent.post(confidence=0.6)
    checkpoints.make(below=LARGEST)
    run_everything_due()
    checkpoints.make(below=LARGEST)
    run_everything_due()
    agent.post()
    return case


@pytest.fixture
def tamper() -> Callable:
    def run(sql: str, *values: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in ("auditentry", "case", "checkpoint"):
                cursor.execute(f"ALTER TABLE reviews_{table} DISABLE TRIGGER USER")
            cursor.execute(sql, values)

    return run


@pytest.fixture
def found(tmp_path, shelf) -> Callable[..., list[str]]:
    """What the verifier says to an export, with the files that were published long before."""
    taken = tmp_path / "handrail-record.jsonl"

    def verify(*, published: bool = True) -> list[str]:
        call_command("export_record", str(taken))
        report = handrail_verify.verify(
            taken, [public_key()], published=shelf if published else None
        )
        return [str(fault) for fault in report.faults]

    return verify


def public_key():
    return key_ring().signing.private.public_key()


def rewrite(chain: str, tamper: Callable, *, edit: Callable[[int, dict], dict]) -> None:
    """Each later link and the head as well, so that the chain fits itself."""
    previous = audit.GENESIS
    for entry in AuditEntry.objects.filter(chain=chain).order_by("position"):
        content = edit(entry.position, entry.content)
        body = audit.canonical(content)
        previous = audit.link(previous, body)
        tamper(
            "UPDATE reviews_auditentry SET body = %s, hash = %s, actor = %s, at = %s WHERE id = %s",
            body,
            previous,
            content["actor"],
            content["at"],
            entry.pk,
        )
    tamper("UPDATE reviews_audithead SET hash = %s WHERE chain = %s", previous, chain)


def length(case: Case) -> int:
    return AuditEntry.objects.filter(chain=case.chain).count()


@pytest.mark.control("12.4.2")
def test_an_untouched_record_is_proven(case, found):
    assert found() == [] and found(published=False) == []


@pytest.mark.control("12.4.2")
def test_an_edited_entry_is_located_although_its_whole_chain_was_rewritten(case, tamper, found):
    rewrite(
        case.chain, tamper, edit=lambda at, body: body | {"actor": "user:99"} if at == 2 else body
    )
    call_command("verify_audit", chain=case.chain)  # fits itself
    said = found()
    assert f"{case.chain} entry 2: was edited: its content is not what checkpoint 1 signed." in said
    assert {line.split(" entry")[0] for line in said} == {case.chain}


@pytest.mark.parametrize(("column", "value"), [("actor", "user:1"), ("event", "case.approved")])
def test_an_edited_column_is_located(case, tamper, found, column, value):
    tamper(
        f"UPDATE reviews_auditentry SET {column} = %s WHERE chain = %s AND position = 1",
        value,
        case.chain,
    )
    assert found() == [
        f"{case.chain} entry 1: was edited: its {column} differ from what was signed."
    ]


@pytest.mark.control("12.4.2")
def test_a_deleted_entry_is_located(case, tamper, found):
    tamper("DELETE FROM reviews_auditentry WHERE chain = %s AND position = 2", case.chain)
    assert found() == [f"{case.chain} entry 2: was deleted: checkpoint 1 holds it."]


def test_a_deleted_entry_is_located_although_the_gap_was_closed(case, tamper, found):
    end = length(case)
    tamper("DELETE FROM reviews_auditentry WHERE chain = %s AND position = 2", case.chain)
    for at in range(3, end + 1):
        tamper(
            "UPDATE reviews_auditentry SET position = %s WHERE chain = %s AND position = %s",
            at - 1,
            case.chain,
            at,
        )
    rewrite(case.chain, tamper, edit=lambda at, body: body | {"position": at})
    said = found()
    assert f"{case.chain} entry 2: was edited: its content is not what checkpoint 1 signed." in said
    assert said[-1].startswith(f"{case.chain} entry {end}: was deleted")
    assert said[-1].endswith("The end of the chain was cut off.")


@pytest.mark.control("12.4.2")
def test_reordered_entries_are_located(case, tamper, found):
    for old, new in ((1, 99), (2, 1), (99, 2)):
        tamper(
            "UPDATE reviews_auditentry SET position = %s WHERE chain = %s AND position = %s",
            new,
            case.chain,
            old,
        )
    assert found() == [
        f"{case.chain} entry 1: was moved: it was written as entry 2.",
        f"{case.chain} entry 2: was moved: it was written as entry 1.",
    ]


@pytest.mark.control("12.4.2")
def test_a_cut_off_end_is_located_although_the_head_was_set_back(case, tamper, found):
    end = length(case)
    tamper("DELETE FROM reviews_auditentry WHERE chain = %s AND position > 3", case.chain)
    last = AuditEntry.objects.get(chain=case.chain, position=3)
    tamper(
        "UPDATE reviews_audithead SET position = 3, hash = %s WHERE chain = %s",
        last.hash,
        case.chain,
    )
    call_command("verify_audit", chain=case.chain)
    (said,) = found()
    assert said.startswith(f"{case.chain} entries 4 to {end}: were deleted")
    assert said.endswith("The end of the chain was cut off.")


def test_a_case_that_was_deleted_whole_is_located(case, tamper, found):
    end = length(case)
    tamper("DELETE FROM reviews_auditentry WHERE chain = %s", case.chain)
    tamper("DELETE FROM reviews_audithead WHERE chain = %s", case.chain)
    (said,) = found()
    assert said.startswith(f"{case.chain} entries 1 to {end}: were deleted")
    assert said.endswith("Nothing of the chain is left.")


@pytest.mark.control("12.4.2")
def test_a_case_that_was_inserted_whole_is_located(case, tamper, found):
    """Of an older day, with a chain, a head and a row that fit each other."""
    forged = f"case:{'0' * 31}1"
    for _ in (1, 2):
        with transaction.atomic():
            audit.record(forged, audit.Event("case.received", "agent:1"), case=case)
        tamper("UPDATE reviews_auditentry SET case_id = NULL WHERE chain = %s", forged)
    rewrite(forged, tamper, edit=lambda at, body: body | {"at": "2026-01-02T03:04:05.000000Z"})
    (said,) = found()
    assert said == (
        f"{forged} entries 1 to 2: were inserted: they say 2026-01-02T03:04:05.000000Z, "
        "and no checkpoint holds that."
    )
    assert AuditHead.objects.filter(chain=forged).exists()


def test_a_case_that_was_inserted_and_signed_later_is_found_by_its_time(case, tamper, found):
    forged = f"case:{'0' * 31}2"
    with transaction.atomic():
        audit.record(forged, audit.Event("case.received", "agent:1"))
    rewrite(forged, tamper, edit=lambda at, body: body | {"at": "2026-01-02T03:04:05.000000Z"})
    checkpoints.make(below=LARGEST)
    run_everything_due()
    assert any(f"{forged} entry 1: was back-dated" in line for line in found())


def test_a_record_that_was_signed_anew_with_another_key_is_found(case, found, tmp_path):
    other = Ed25519PrivateKey.generate()
    assert found() == []
    report = handrail_verify.verify(tmp_path / "handrail-record.jsonl", [other.public_key()])
    said = [str(fault) for fault in report.faults]
    assert said and all("signed with another key" in line for line in said)


def test_whatever_is_done_to_the_published_files_is_said(case, found, shelf):
    _first, second, _third = sorted(shelf.iterdir())
    kept = second.read_bytes()
    second.unlink()
    assert "checkpoint 3: follows a gap: 2 to 2 are missing." in found()
    document = json.loads(kept)
    document["leaves"][0][2] = "00" * 32
    second.write_text(json.dumps(document))
    assert any("checkpoint 2: lists other entries than were signed" in line for line in found())
    document = json.loads(kept)
    document["statement"] = document["statement"].replace('"size":', '"size":1')
    second.write_text(json.dumps(document))
    assert any("number 2 has a signature that does not fit" in line for line in found())
    second.write_bytes(kept)
    (shelf / "000000000004.json").write_bytes(kept)
    assert "checkpoint 2: is there twice." in found()


def test_it_is_a_program_that_needs_no_django(case, shelf, tmp_path):
    export, key = tmp_path / "record.jsonl", tmp_path / "key.pem"
    call_command("export_record", str(export))
    spki = PublicFormat.SubjectPublicKeyInfo
    key.write_bytes(public_key().public_bytes(Encoding.PEM, spki))
    command = [sys.executable, "-X", "importtime", str(VERIFIER), str(export), "--key", str(key)]
    done = subprocess.run(
        [*command, "--checkpoints", str(shelf)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0 and done.stdout.startswith("ok: "), done.stderr
    assert "json" in done.stderr and "django" not in done.stderr.lower()
    lines = export.read_bytes().splitlines(keepends=True)
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"chain"'))
    export.write_bytes(b"".join(lines[:at] + lines[at + 1 :]))
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and "FOUND WRONG" in done.stdout


def test_an_auditor_takes_it_away_from_the_page(house, case, tmp_path, shelf):
    client = logged_in(house.admin)
    assert b"Take the record away" in client.get("/admin/reviews/checkpoint/").content
    answer = client.post("/admin/reviews/checkpoint/record/")
    export = tmp_path / "taken.jsonl"
    export.write_bytes(b"".join(answer.streaming_content))
    report = handrail_verify.verify(export, [public_key()], published=shelf)
    assert report.faults == [] and report.entries == AuditEntry.objects.count()
    assert AuditEntry.objects.filter(event="record.exported", actor=f"user:{house.admin.pk}")
    assert client.get("/admin/reviews/checkpoint/record/").status_code == 405
    assert logged_in(house.one).post("/admin/reviews/checkpoint/record/").status_code != 200
