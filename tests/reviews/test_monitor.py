"""The alarm's levels, and a bound that may be looked at after every audit."""

import random

import pytest

from reviews.insights.monitor import LEVELS, Alarm, always_bounds, level_for
from tests.oversight_study.alarms import PUBLISHED, detected


@pytest.mark.parametrize(("audits", "level"), LEVELS)
def test_the_levels_are_the_published_ones_and_rise_between(audits, level):
    assert level_for(audits) == pytest.approx(level)
    assert level_for(audits) < level_for(audits * 1.1)


def test_few_audits_a_week_still_take_two_errors():
    alarm = Alarm(level_for(1))
    once = alarm.after(0.0, wrong=True)
    assert not alarm.is_raised(once) and alarm.is_raised(alarm.after(once, wrong=True))


def test_right_answers_never_bring_it_further_down_than_one_step():
    alarm = Alarm(4.0)
    at = 0.0
    for _ in range(1000):
        at = alarm.after(at, wrong=False)
    assert -0.03 < at < 0


@pytest.mark.parametrize("audits", [50, 200])
def test_a_change_from_1_to_3_percent_is_heard_as_often_as_published(audits):
    assert detected(audits, seeds=1000) == pytest.approx(PUBLISHED[audits], abs=0.05)


def test_the_bound_holds_however_often_it_is_looked_at():
    rng = random.Random(5)
    broken = 0
    for _ in range(100):
        wrong = 0
        for audits in range(1, 301):
            wrong += rng.random() < 0.02
            if audits % 10 == 0:
                low, high = always_bounds(wrong, audits)
                if not low <= 0.02 <= high:
                    broken += 1
                    break
    assert broken <= 5 + 2 * (100 * 0.05 * 0.95) ** 0.5


def test_the_bound_knows_nothing_at_first_and_much_later():
    assert always_bounds(0, 0) == (0.0, 1.0)
    assert always_bounds(0, 300)[1] == pytest.approx(0.0132, abs=0.0002)
    assert always_bounds(10, 10)[1] == 1.0
    assert always_bounds(3, 300)[0] < 0.01 < always_bounds(3, 300)[1]
