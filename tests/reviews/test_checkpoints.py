"""Checkpoints: every entry in exactly one, signed, and published where nobody takes it back."""

import base64
import json
import threading
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from reviews import audit, timeline
from reviews.audit import GENESIS
from reviews.checkpoint_keys import key_ring
from reviews.merkle import root_of
from reviews.models import AuditEntry, Checkpoint, OutcomeRun
from reviews.schedules import checkpoint
from reviews.services import checkpoints, outcomes
from reviews.timeline import LARGEST
from tests.deciding import run_everything_due
from tests.flows.admin_pages import logged_in, page_of
from tests.reviews.target import Target


@pytest.fixture(autouse=True)
def nowhere(settings):
    """Published only where a story says so."""
    settings.STORAGES = {k: v for k, v in settings.STORAGES.items() if k != "checkpoints"}
    settings.CHECKPOINT_WEBHOOK = ""


@pytest.fixture
def shelf(settings, tmp_path):
    """A folder that the owner of the database has no hand in."""
    backend = "django.core.files.storage.FileSystemStorage"
    place = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"checkpoints": place}
    return tmp_path


def covered() -> list[tuple[str, int]]:
    """What the published files say, in their order."""
    return [
        (leaf.chain, leaf.position)
        for row in Checkpoint.objects.all()[::-1]
        for leaf in checkpoints.leaves_of(row)
    ]


def test_every_entry_is_in_exactly_one_checkpoint(agent, shelf):
    for _ in range(3):
        agent.post()
    while checkpoints.make(below=LARGEST, limit=4):
        pass
    agent.post(confidence=0.6)
    last = checkpoints.make(below=LARGEST)
    written = list(AuditEntry.objects.values_list("chain", "position"))
    assert sorted(covered()) == sorted(written) and len(set(written)) == len(written)
    assert checkpoints.make(below=LARGEST) is None
    assert Checkpoint.objects.first() == last and checkpoints.state().waiting_since is None


def test_a_checkpoint_is_signed_and_holds_the_root_before_it(agent, settings):
    agent.post()
    first = checkpoints.make(below=LARGEST)
    agent.post()
    second = checkpoints.make(below=LARGEST)
    assert first.content["previous"] == GENESIS.hex()
    assert second.content["previous"] == first.content["root"] == bytes(first.root).hex()
    said = checkpoints.signed(second)
    (public,) = key_ring().published
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(public["x"] + "="))
    key.verify(
        base64.b64decode(said["signature"]), b"handrail checkpoint\n" + said["statement"].encode()
    )
    assert second.content["key"] == public["kid"] and second.content["site"] == settings.PUBLIC_URL


def test_what_is_published_has_every_leaf_and_is_written_once(agent, shelf):
    agent.post()
    made = checkpoints.make(below=LARGEST)
    assert checkpoints.state().unpublished == 1
    run_everything_due()
    (file,) = shelf.iterdir()
    document = json.loads(file.read_text())
    assert file.name == "000000000001.json" and len(document["leaves"]) == made.size
    leaves = [checkpoints.Leaf(chain, at, bytes.fromhex(h)) for chain, at, h in document["leaves"]]
    assert root_of(leaf.digest for leaf in leaves) == bytes(made.root)
    assert checkpoints.state().unpublished == 0

    run = OutcomeRun.objects.get(kind="publication")
    for said, state in ((file.read_bytes(), "SUCCEEDED"), (b"{}", "FAILED")):
        file.write_bytes(said)
        again = OutcomeRun.objects.create(
            kind="publication",
            event=run.event,
            url=run.url,
            body=run.body,
            digest=run.digest,
            idempotency_key=f"again-{state}",
        )
        run_everything_due()
        assert OutcomeRun.objects.get(pk=again.pk).state == state
        assert file.read_bytes() == said and len(list(shelf.iterdir())) == 1


def test_entries_that_were_changed_before_they_left_are_not_published(agent, shelf):
    agent.post()
    made = checkpoints.make(below=LARGEST)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE reviews_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE reviews_auditentry SET hash = '\\x00' WHERE position = 1")
    with pytest.raises(checkpoints.Changed):
        checkpoints.document(made)
    run_everything_due()
    run = OutcomeRun.objects.get(kind="publication")
    assert run.state == "FAILED" and "not those that were signed" in run.last_error
    assert list(shelf.iterdir()) == []


def test_what_failed_to_leave_is_sent_again_by_a_person(house, agent, shelf):
    agent.post()
    checkpoints.make(below=LARGEST)
    shelf.rmdir()
    shelf.write_text("in the way")
    run = OutcomeRun.objects.get(kind="publication")
    outcomes.run(run.pk)
    assert OutcomeRun.objects.get(pk=run.pk).state == "RETRY_WAIT"
    OutcomeRun.objects.filter(pk=run.pk).update(attempts=99, next_attempt_at=timezone.now())
    outcomes.run(run.pk)
    assert OutcomeRun.objects.get(pk=run.pk).state == "FAILED"
    shelf.unlink()
    client = logged_in(house.admin)
    client.post(f"/admin/reviews/outcomerun/{run.pk}/send-again/")
    outcomes.run(run.pk)
    assert (
        OutcomeRun.objects.get(pk=run.pk).state == "SUCCEEDED" and len(list(shelf.iterdir())) == 1
    )
    assert AuditEntry.objects.filter(chain="site", event="outcome.requeued").exists()


def test_an_address_is_told_of_each(agent, settings):
    agent.post()
    with Target(status=503) as target:
        settings.CHECKPOINT_WEBHOOK = f"http://127.0.0.1:{target.port}/notary"
        settings.OUTBOUND_ALLOW = [f"127.0.0.1:{target.port}"]
        made = checkpoints.make(below=LARGEST)
        OutcomeRun.objects.exclude(kind="publication").update(next_attempt_at=far_away())
        run = OutcomeRun.objects.get(kind="publication")
        outcomes.run(run.pk)
        assert OutcomeRun.objects.get(pk=run.pk).state == "RETRY_WAIT"
        target.status = 200
        run_everything_due()
    request = target.received[-1]
    assert len(target.received) == 2 and request.path == "/notary"
    assert json.loads(request.body) == checkpoints.signed(made)


def far_away():
    return timezone.now() + timedelta(days=365)


def test_without_a_key_none_is_made_and_without_a_place_none_is_sent(agent, settings):
    agent.post()
    keys, settings.CHECKPOINT_KEYS = settings.CHECKPOINT_KEYS, ""
    assert checkpoints.make(below=LARGEST) is None
    settings.CHECKPOINT_KEYS = keys
    assert checkpoints.make(below=LARGEST)
    assert not OutcomeRun.objects.filter(kind="publication").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews_checkpoint SET size = 1",
        "DELETE FROM reviews_checkpoint",
        "TRUNCATE reviews_checkpoint",
    ],
)
def test_the_database_keeps_checkpoints_as_they_are(agent, statement):
    agent.post()
    checkpoints.make(below=LARGEST)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(statement)


def test_its_state_is_said_at_readiness_and_on_its_page(house, agent, client, shelf):
    agent.post()
    record = client.get("/health/ready").json()["record"]
    assert record["checkpoint"] is None and record["waiting_since"] and not record["late"]
    made = checkpoints.make(below=LARGEST)
    record = client.get("/health/ready").json()["record"]
    assert record == {"checkpoint": 1, "waiting_since": None, "unpublished": 1, "late": False}
    staff = logged_in(house.admin)
    page = staff.get("/admin/reviews/checkpoint/").content.decode()
    assert "1 was not published yet" in page and "covers the whole record" in page
    page = staff.get(page_of(made)).content.decode()
    assert bytes(made.root).hex() in page and "store:000000000001.json: Pending" in page
    assert logged_in(house.one).get("/admin/reviews/checkpoint/").status_code == 302


def test_a_record_that_nothing_covers_for_long_is_late(agent):
    agent.post()
    long_ago = timezone.now() - timedelta(minutes=6)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE reviews_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE reviews_auditentry SET at = %s", [long_ago])
    assert checkpoints.state().is_late


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_is_in_the_next_one(transactional_db, until):
    """Its number is lower than those of entries that are covered already."""
    written, commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            audit.record("agent:1", audit.Event("thing.done", "system"))
            written.set()
            commit.wait(timeout=20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(timeout=20)
    try:
        with transaction.atomic():
            audit.record("agent:2", audit.Event("thing.done", "system"))
        checkpoint()
        assert not Checkpoint.objects.exists()
        assert AuditEntry.objects.filter(transaction__gte=timeline.settled()).exists()
    finally:
        commit.set()
        thread.join()
    until(lambda: checkpoint() or covered(), lambda found: len(found) == 2)
    assert sorted(covered()) == [("agent:1", 1), ("agent:2", 1)]
