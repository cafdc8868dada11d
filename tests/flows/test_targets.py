"""Targets are asked as often as their owners like, and left alone while they are down."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from reviews.models import OutcomeRun, Review, Target
from reviews.services import outcomes, targets
from tests.building import TEMPLATE, build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, fresh
from tests.reviews.target import Target as Server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings, monkeypatch):
    with Server() as server:
        settings.OUTBOUND_ALLOW = [server.place]
        monkeypatch.setitem(TEMPLATE, "url", server.url("/refunds"))
        yield server


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def run_due():
    for pk in list(OutcomeRun.objects.due().values_list("pk", flat=True)):
        outcomes.run(pk)


def test_what_is_beyond_the_limit_waits_and_spends_no_try(server, clock):
    agent = AgentClient(build_house().key)
    Target.objects.create(host=server.place, per_minute=2)
    cases = [case_of(agent.post()) for _ in range(5)]
    for seconds, sent in ((0, 2), (30, 2), (31, 4), (61, 5)):
        clock.shift(timedelta(seconds=seconds))
        run_due()
        assert len(server.received) == sent
    assert {fresh(case).state for case in cases} == {"COMPLETED"}
    assert all(run.attempts - run.attempts_before == 1 for run in OutcomeRun.objects.all())


def test_a_target_that_is_down_is_left_alone_and_asked_again(server, clock):
    agent = AgentClient(build_house().key)
    server.status = 503
    cases = [case_of(agent.post()) for _ in range(targets.MOST_FAILURES + 3)]
    run_due()
    assert len(server.received) == targets.MOST_FAILURES
    clock.shift(timedelta(seconds=20))
    run_due()
    assert len(server.received) == targets.MOST_FAILURES
    # One more failure doubles the pause.
    clock.shift(timedelta(seconds=11))
    run_due()
    assert len(server.received) == targets.MOST_FAILURES + 1
    assert Target.objects.get().open_until == timezone.now() + 2 * targets.SHORTEST
    server.status = 200
    clock.shift(timedelta(seconds=61))
    run_due()
    assert {fresh(case).state for case in cases} == {"COMPLETED"}
    assert (Target.objects.get().failures, Target.objects.get().open_until) == (0, None)
    assert not Review.objects.exists()


def test_a_target_that_says_no_is_well(server, clock):
    agent = AgentClient(build_house().key)
    server.status = 409
    for _ in range(targets.MOST_FAILURES + 1):
        agent.post()
    run_due()
    assert len(server.received) == targets.MOST_FAILURES + 1 and not Target.objects.exists()
