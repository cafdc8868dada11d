"""Whatever agents, people, workers and the clock do, and in whatever order, nothing is lost,
nothing runs that was not decided, and nothing is decided twice."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.building import build_house
from tests.reviews.promises_machine import Promises
from workflows.models import WebhookEndpoint

pytestmark = pytest.mark.django_db
LONG = os.environ.get("HANDRAIL_FAULTS") == "long"

BACK = {"method": "DELETE", "url": "https://ledger.example/refunds/{/case/id}"}
ANY = {
    "time_limit_minutes": 30,
    "compensation": BACK,
    "second": {"verdicts": ["approve", "edit", "reject"]},
}
TWO_OF_THREE = {"quorum": "N", "seats": 3, "needed": 2, "time_limit_minutes": 30}
GATES = {
    "any one": ANY,
    "two of three": TWO_OF_THREE | {"on_timeout": "ESCALATE"},
    "two of three, counting": TWO_OF_THREE | {"reject_vetoes": False},
    "unanimous, to be undone": {"quorum": "UNANIMOUS", "seats": 2, "undo_seconds": 90},
    "a majority, counting": {"quorum": "MAJORITY", "seats": 3, "reject_vetoes": False},
    "approved by silence": ANY | {"seats": 2, "on_timeout": "APPROVE", "reject_vetoes": False},
}


@pytest.mark.parametrize("name", GATES)
def test_whatever_happens_the_promises_hold(name):
    house = build_house(**GATES[name])
    listening = WebhookEndpoint(agent=house.agent, label="all events")
    listening.url, listening.secrets = "https://agent.example/hook", ["whsec_c2VjcmV0"]
    listening.save()
    run_state_machine_as_test(
        lambda: Promises(house, list(GATES.values())),
        settings=settings(
            max_examples=200 if LONG else 4,
            stateful_step_count=60 if LONG else 30,
            derandomize=not LONG,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
