"""The scripted reviewers of the trial press the real pages, also those of an audit."""

import time

import pytest

from config.trial.reviewers import Reviewer
from reviews.models import Label
from tests.building import build_house
from tests.conftest import AgentClient


@pytest.mark.django_db(transaction=True)
def test_an_audit_is_answered_and_judged_like_any_other_work(transactional_db, live_server):
    house = build_house(audit_rate=1.0)
    AgentClient(house.key).post()
    reviewer = Reviewer(live_server.url, name="reviewer.one", password="handrail")
    reviewer.start()
    deadline = time.monotonic() + 30
    while not reviewer.decided["audit"] and not reviewer.trouble and time.monotonic() < deadline:
        time.sleep(0.1)
    reviewer.stop().join()
    assert reviewer.trouble == []
    label = Label.objects.get()
    assert label.wrong and label.is_blind and label.reviewer == house.one
