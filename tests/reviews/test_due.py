"""What is due is said twice: for the sweep, and for the worker that takes one row."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import OutcomeRun
from tests.deciding import case_of
from workflows.models import Stop


def stop(house, **scope):
    Stop.objects.create(reason="Look first.", opened_by=house.one, **{"cause": "HAND"} | scope)


CIRCUMSTANCES = {
    "nothing": (lambda house, run: None, True),
    "its time has not come": (
        lambda house, run: OutcomeRun.objects.filter(pk=run.pk).update(
            next_attempt_at=timezone.now() + timedelta(hours=1)
        ),
        False,
    ),
    "a stop for everything": (lambda house, run: stop(house), False),
    "its agent stopped": (lambda house, run: stop(house, agent=house.agent), False),
    "its workflow stopped": (
        lambda house, run: stop(house, workflow=run.case.release.workflow),
        False,
    ),
    "its version stopped": (
        lambda house, run: stop(house, agent_version=run.case.agent_version),
        False,
    ),
    "another version stopped": (lambda house, run: stop(house, agent_version="9.9"), True),
    "another category stopped": (lambda house, run: stop(house, category="other"), True),
    "a breaker": (lambda house, run: stop(house, cause="BREAKER"), True),
    "an earlier one of its visit unfinished": (lambda house, run: earlier(run), False),
}


def earlier(run):
    OutcomeRun.objects.filter(pk=run.pk).update(position=run.position + 1)
    OutcomeRun.objects.create(
        case=run.case,
        visit=run.visit,
        decision=run.decision,
        rule=run.rule,
        kind=run.kind,
        position=run.position,
        idempotency_key="earlier",
        body=b"",
        digest="",
        next_attempt_at=timezone.now() + timedelta(hours=1),
    )


@pytest.mark.parametrize("circumstance", CIRCUMSTANCES)
def test_a_worker_takes_exactly_what_the_sweep_calls_due(house, agent, circumstance):
    run = OutcomeRun.objects.get(case=case_of(agent.post()))
    arrange, is_due = CIRCUMSTANCES[circumstance]
    arrange(house, run)
    assert OutcomeRun.objects.due().filter(pk=run.pk).exists() == is_due
    taken = OutcomeRun.objects.begin(pk=run.pk, otherwise=15, margin=timedelta(seconds=5))
    assert taken == (1 if is_due else 0)
