"""How soon the alarm hears that errors went from 1 % to 3 %, and how often it is false."""

import numpy as np

from reviews.insights.monitor import BAD, GOOD, Alarm, level_for

PUBLISHED = {50: 0.16, 100: 0.29, 200: 0.48, 300: 0.63, 500: 0.81, 800: 0.94}
WEEKS_BEFORE, WEEKS_A_YEAR = 8, 52


def detected(audits_a_week: int, *, seeds: int) -> float:
    """The share of runs in which the alarm is raised within the first week after the change."""
    alarm = Alarm(level_for(audits_a_week))
    heard = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        before = rng.random(WEEKS_BEFORE * audits_a_week) < GOOD
        after = rng.random(audits_a_week) < BAD
        at, _raised = _run(alarm, before.tolist(), 0.0)
        heard += _run(alarm, after.tolist(), at)[1] > 0
    return heard / seeds


def false_alarms(audits_a_week: int, *, years: int) -> float:
    """A year, with nothing changed."""
    alarm = Alarm(level_for(audits_a_week))
    rng = np.random.default_rng(20_261_124)
    audits = rng.random(years * WEEKS_A_YEAR * audits_a_week) < GOOD
    return _run(alarm, audits.tolist(), 0.0)[1] / years


def _run(alarm: Alarm, audits: list[bool], at: float) -> tuple[float, int]:
    """Where it stands afterwards, and how often it was raised; then it begins anew."""
    raised = 0
    for wrong in audits:
        at = alarm.after(at, wrong=wrong)
        if alarm.is_raised(at):
            raised, at = raised + 1, 0.0
    return at, raised
