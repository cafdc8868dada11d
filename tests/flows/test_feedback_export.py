"""What people changed, as files: which cases count, in which shapes, and nothing personal."""

import hashlib
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from reviews.insights.corrections import SPLITS, split_of
from reviews.models import AuditEntry, Case, Label
from reviews.services import checkpoints
from reviews.services.erasing import erase_case
from reviews.services.feedback_export import export_feedback
from reviews.timeline import LARGEST
from tests.building import allow, build_house, person
from tests.conftest import AgentClient
from tests.deciding import case_of, fresh, take_and_decide
from tests.flows.admin_pages import logged_in

TRACE = {"run_id": "run-1", "trace_id": "trace-1", "span_id": "span-1"}


def rows(folder: Path, name: str) -> list[dict]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def open_one(agent, **changes) -> Case:
    return case_of(agent.post(confidence=0.5, correlation=TRACE, **changes))


@pytest.fixture
def story(house, agent) -> dict[str, Case]:
    """One case of each verdict, all answered with the proposal in sight."""
    cases = {}
    for verdict, answer in {
        "edit": {"changes": {"/action/args/amount": "45.00"}},
        "approve": {},
        "reject": {"reason_code": "policy"},
        "respond": {"message": "Ask Jo Doe for a photo.", "response": "Ask Jo Doe for a photo."},
    }.items():
        cases[verdict] = open_one(agent)
        take_and_decide(house.one, verdict, **answer)
    return cases


def test_what_was_changed_is_in_and_what_was_seen_first_is_not(house, story, tmp_path):
    manifest = export_feedback(tmp_path, by=house.admin)
    pairs = rows(tmp_path, "trl_preference")
    assert [row["verdict"] for row in pairs] == ["edit", "respond"]
    chosen, rejected = (json.loads(pairs[0][side][0]["content"]) for side in ("chosen", "rejected"))
    assert (chosen["args"]["amount"], rejected["args"]["amount"]) == ("45.00", "90.00")
    assert pairs[0]["prompt"][0]["role"] == "user" and pairs[0]["presentation"] == "AI_FIRST"
    assert pairs[0]["propensity"] == 1.0 and pairs[0]["agent_version"] == "2.1"
    assert rows(tmp_path, "trl_unpaired") == []
    assert [row["messages"][-1]["role"] for row in rows(tmp_path, "trl_sft")] == ["assistant"] * 2
    assert manifest["left_out"] == {"answered with the proposal in sight": 2}


def test_every_verdict_has_its_shape_when_all_are_asked_for(house, story, tmp_path):
    export_feedback(tmp_path, by=house.admin, seen_first=True)
    assert {row["verdict"]: row["label"] for row in rows(tmp_path, "trl_unpaired")} == {
        "approve": True,
        "reject": False,
    }
    smith = {row["outputs"]["verdict"]: row for row in rows(tmp_path, "langsmith")}
    assert set(smith) == set(story) and smith["edit"]["source_run_id"] == "run-1"
    assert set(smith["edit"]) == {
        "id", "inputs", "outputs", "metadata", "source_run_id", "split",
    }  # fmt: skip
    items = rows(tmp_path, "langfuse_items")
    assert all(row["sourceTraceId"] == "trace-1" for row in items) and len(items) == 4
    assert {row["value"] for row in rows(tmp_path, "langfuse_scores")} == set(story)
    spans = rows(tmp_path, "phoenix_annotations")
    assert {row["result"]["label"]: row["result"]["score"] for row in spans} == {
        "approve": 1.0, "edit": 0.0, "reject": 0.0, "respond": 0.0,
    }  # fmt: skip


def test_an_answer_given_first_counts_without_being_asked_for(db, tmp_path):
    house = build_house(presentation="BLIND")
    agent = AgentClient(house.key)
    open_one(agent)
    Case.objects.update(presentation="BLIND")
    take_and_decide(house.one, "reject", reason_code="policy")
    export_feedback(tmp_path, by=house.admin)
    (row,) = rows(tmp_path, "trl_unpaired")
    assert row["label"] is False and row["presentation"] == "BLIND"


def test_nothing_personal_leaves_in_any_shape(house, story, tmp_path):
    export_feedback(tmp_path, by=house.admin, seen_first=True)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"Jo Doe" not in written and b"[redacted]" in written
    assert b"The parcel arrived broken" not in written  # the agent's free words stay here


def test_golds_disputed_and_erased_cases_are_in_none(house, story, tmp_path):
    Case.objects.filter(pk=story["edit"].pk).update(is_gold=True)
    Label.objects.create(case=story["approve"], key="1", source="GROUND_TRUTH", wrong=True)
    erase_case(fresh(story["respond"]), by=house.admin, reason="Asked for.")
    manifest = export_feedback(tmp_path, by=house.admin, seen_first=True)
    assert manifest["left_out"] == {"gold": 1, "disputed": 1, "erased": 1}
    for name in manifest["files"]:
        text = (tmp_path / name).read_text()
        assert not any(story[left].public_id in text for left in ("edit", "approve", "respond"))
    assert len(rows(tmp_path, "langsmith")) == 1


def test_the_manifest_names_the_bytes_and_the_checkpoint(house, story, tmp_path):
    made = checkpoints.make(below=LARGEST)
    manifest = export_feedback(tmp_path, by=house.admin)
    assert manifest == json.loads((tmp_path / "manifest.json").read_text())
    for name, about in manifest["files"].items():
        body = (tmp_path / name).read_bytes()
        assert about == {"rows": body.count(b"\n"), "sha256": hashlib.sha256(body).hexdigest()}
    assert manifest["checkpoint"] == {"number": 1, "root": bytes(made.root).hex()}
    entry = AuditEntry.objects.filter(event="feedback.exported").get()
    digest = hashlib.sha256((tmp_path / "manifest.json").read_bytes()).hexdigest()
    assert entry.content["data"]["manifest"] == digest


def test_a_second_upsert_changes_nothing(house, story, tmp_path):
    """By the ids under which each tool keeps a row."""
    one, two = tmp_path / "one", tmp_path / "two"
    manifests = [export_feedback(folder, by=house.admin, seen_first=True) for folder in (one, two)]
    assert manifests[0] == manifests[1]
    keys = {
        "langsmith": lambda row: row["id"],
        "langfuse_items": lambda row: row["id"],
        "langfuse_scores": lambda row: row["id"],
        "phoenix_annotations": lambda row: (row["span_id"], row["name"], row["identifier"]),
    }
    for name, key in keys.items():
        kept = {key(row): row for row in rows(one, name)}
        assert len(kept) == len(rows(one, name))
        assert kept | {key(row): row for row in rows(two, name)} == kept


def test_a_split_hangs_on_the_case_alone():
    shares = Counter(split_of(f"case_{number:032x}") for number in range(4000))
    assert abs(shares["train"] / 4000 - 0.8) < 0.03 and set(shares) == {n for _, n in SPLITS}


@given(st.text())
def test_every_case_has_a_split(case):
    assert split_of(case) == split_of(case) and split_of(case) in {name for _, name in SPLITS}


def test_it_is_taken_from_the_page_by_who_may(house, story):
    client = logged_in(house.admin)
    assert b"Export what people changed" in client.get("/admin/reviews/decision/").content
    assert b"tends to agree" in client.get("/admin/reviews/decision/feedback/").content
    answer = client.post("/admin/reviews/decision/feedback/", {"workflow": house.workflow.pk})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert "manifest.json" in archive.namelist() and "trl_preference.jsonl" in archive.namelist()
    staff = allow(person("staff", staff=True), "view_decision")
    assert logged_in(staff).get("/admin/reviews/decision/feedback/").status_code == 403
    with pytest.raises(PermissionDenied):
        export_feedback(Path("unused"), by=staff)
