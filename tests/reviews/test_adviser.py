"""The numbers behind a recommended threshold, and that the harness notices who ignores them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.insights.adviser import (
    Catch,
    Labelled,
    MixedPropensities,
    Target,
    advise,
    candidate_thresholds,
    fewest,
    naive,
    thinned,
    upper,
)

CANDIDATES = [step / 50 for step in range(50, 0, -1)]
LEAST_A, LEAST_B = {0.01: 299, 0.02: 149, 0.05: 59}, {0.01: 473, 0.02: 236, 0.05: 93}


def rows(*errors, n=1000, seed=7, propensity=1.0):
    """n cases of which those with the confidences in `errors` are wrong."""
    rng = random.Random(seed)
    right = [Labelled(rng.random(), False, propensity, rng.random()) for _ in range(n)]
    return right + [Labelled(at, True, propensity, rng.random()) for at in errors]


@pytest.mark.parametrize("alpha", LEAST_A)
def test_the_smallest_samples_are_the_published_ones(alpha):
    assert fewest(alpha) == LEAST_A[alpha]
    assert fewest(alpha, wrong=1) == LEAST_B[alpha]


def test_298_faultless_cases_do_not_support_1_percent_and_299_do():
    for n, more in ((298, 1), (299, 0)):
        found = advise(rows(n=n), target=Target.ESCAPED, alpha=0.01, candidates=CANDIDATES)
        assert (found.recommended is not None, found.more) == (more == 0, more)


def test_it_recommends_the_loosest_threshold_before_the_first_bound_above():
    found = advise(
        rows(0.2, 0.3, 0.3, 0.9), target=Target.ESCAPED, alpha=0.005, candidates=CANDIDATES
    )
    assert [row.passes for row in found.rows] == sorted(
        (row.passes for row in found.rows), reverse=True
    )
    assert found.recommended.threshold > 0.3 and found.recommended.bound <= 0.005
    assert found.rows[found.rows.index(found.recommended) + 1].bound > 0.005


def test_the_lane_target_starts_where_there_is_enough_and_stops_at_the_first_failure():
    found = advise(rows(*[0.5] * 60), target=Target.LANE, alpha=0.05, candidates=CANDIDATES)
    tested = [row for row in found.rows if row.labelled >= 93]
    assert found.rows[0].labelled < 93 and not found.rows[0].passes
    first_failure = next(row for row in tested if not row.passes)
    assert first_failure.threshold <= 0.5 < found.recommended.threshold
    after = tested[tested.index(first_failure) :]
    assert not any(row.passes for row in after)


def test_what_reviewers_miss_makes_the_bound_larger():
    labelled = rows(0.5, 0.6)
    plain = advise(labelled, target=Target.ESCAPED, alpha=0.05, candidates=CANDIDATES)
    corrected = advise(
        labelled, target=Target.ESCAPED, alpha=0.05, candidates=CANDIDATES, catch=Catch(70, 100)
    )
    assert corrected.caught == pytest.approx(0.600, abs=0.002)
    for before, after in zip(plain.rows, corrected.rows, strict=True):
        assert after.bound == pytest.approx(
            upper(before.wrong, before.labelled, delta=0.025) / corrected.caught
        )
    nobody = advise(
        labelled, target=Target.ESCAPED, alpha=0.05, candidates=CANDIDATES, catch=Catch(0, 20)
    )
    assert nobody.recommended is None


def test_mixed_propensities_are_an_error_and_thinning_makes_them_one():
    mixed = rows(n=4000) + rows(n=400, propensity=0.1)
    with pytest.raises(MixedPropensities):
        advise(mixed, target=Target.ESCAPED, alpha=0.05, candidates=CANDIDATES)
    uniform = thinned(mixed)
    assert {row.propensity for row in uniform} == {0.1}
    assert 700 < len(uniform) < 900
    assert advise(uniform, target=Target.ESCAPED, alpha=0.05, candidates=CANDIDATES).recommended


def test_what_stays_with_people_anyway_is_neither_automated_nor_an_escaped_error():
    held = [Labelled(0.99, True, is_held=True) for _ in range(200)]
    found = advise(rows() + held, target=Target.ESCAPED, alpha=0.01, candidates=CANDIDATES)
    assert found.rows[-1].wrong == 0
    assert found.rows[-1].automated < 1000 / 1200


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=200), st.floats(0.005, 0.3))
def test_one_more_error_never_makes_it_looser(pairs, alpha):
    before = [Labelled(confidence, wrong) for confidence, wrong in pairs]
    after = [*before[:-1], Labelled(before[-1].confidence, True)] if before else []
    for target in Target:
        loose, strict = (
            advise(labelled, target=target, alpha=alpha, candidates=CANDIDATES).recommended
            for labelled in (before, after)
        )
        if strict is not None:
            assert loose is not None and loose.threshold <= strict.threshold


def test_candidates_are_at_most_fifty_and_strictest_first():
    found = candidate_thresholds(index / 1000 for index in range(1000))
    assert len(found) == 50 and found == sorted(found, reverse=True)
    assert candidate_thresholds([]) == []


def test_the_promise_is_kept_where_the_naive_reading_breaks_it():
    """A short form of `make oversight-study`, on a population with a known truth."""
    rng = random.Random(3)

    def wrong_at(confidence):
        return 0.12 * (1 - confidence)

    def lane(threshold):
        return 0.12 * (1 - threshold) / 2

    broken = {"B": 0, "naive": 0}
    for _ in range(200):
        sample = [
            Labelled(at, rng.random() < wrong_at(at)) for at in (rng.random() for _ in range(600))
        ]
        best = advise(sample, target=Target.LANE, alpha=0.03, candidates=CANDIDATES).recommended
        broken["B"] += best is not None and lane(best.threshold) > 0.03
        broken["naive"] += lane(naive(sample, alpha=0.03, candidates=CANDIDATES) or 1) > 0.03
    assert broken["B"] <= 0.05 * 200 + 2 * (0.05 * 0.95 * 200) ** 0.5
    assert broken["naive"] > 0.2 * 200
