"""Exports in the hands of who reads them: `datasets` loads each, TRL knows its formats."""

import json
import os
import subprocess

import pytest

from reviews.services.feedback_export import export_feedback
from tests.building import House, build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, take_and_decide
from tests.real_clients.environments import HERE, python_of

ANSWERS = {
    "edit": {"changes": {"/action/args/amount": "45.00"}},
    "approve": {},
    "reject": {"reason_code": "policy"},
    "respond": {"message": "Ask for a photo.", "response": "Ask for a photo."},
}


@pytest.fixture
def house(db: None) -> House:
    return build_house()


def test_every_file_is_loaded_and_those_for_trl_are_in_its_formats(house, tmp_path):
    agent = AgentClient(house.key)
    for verdict, answer in ANSWERS.items():
        case_of(agent.post(confidence=0.5, correlation={"trace_id": "t", "span_id": verdict}))
        take_and_decide(house.one, verdict, **answer)
    export_feedback(tmp_path, by=house.admin, seen_first=True)
    done = subprocess.run(
        [str(python_of("feedback")), str(HERE / "programs" / "feedback_files.py")],
        env={**os.environ, "FEEDBACK_FOLDER": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "langfuse_items": {"rows": 4},
        "langfuse_scores": {"rows": 4},
        "langsmith": {"rows": 4},
        "phoenix_annotations": {"rows": 4},
        "trl_preference": {
            "rows": 2,
            "conversational": True,
            "unpaired": [False, False, True, True],
        },
        "trl_sft": {"rows": 2, "conversational": True},
        "trl_unpaired": {"rows": 2, "conversational": True},
    }
