"""Moderated variances."""

from __future__ import annotations

import numpy as np
import pytest

from trimma.effects.fitting.moderated_variances import moderated_variances

FOUR = np.full(20, 4.0)


def test_variances_that_differ_by_chance_are_taken_for_one() -> None:
    variance = np.linspace(0.8, 1.2, 20)
    found, freedom = moderated_variances(4 * variance, FOUR)
    assert found == pytest.approx(np.ones(20))
    assert (freedom == 80).all()


def test_variances_that_differ_keep_something_of_their_own() -> None:
    variance = np.array([0.05, 0.2, 1.0, 4.0, 20.0] * 4)
    found, freedom = moderated_variances(4 * variance, FOUR)
    assert (np.diff(found[:5]) > 0).all()
    assert (found[:2] > variance[:2]).all()
    assert (found[3:5] < variance[3:5]).all()
    assert 4 < freedom[0] < 12


def test_the_spread_of_true_variances_is_found() -> None:
    """Drawn as the source assumes: 10 degrees of freedom behind the truth, and 1.5 in its middle."""
    rng = np.random.default_rng(1)
    truth = 1.5 * 10 / rng.chisquare(10, 5000)
    freedom = rng.choice([3.0, 6.0], 5000)
    found, by_now = moderated_variances(truth * rng.chisquare(freedom), freedom)
    assert by_now - freedom == pytest.approx(10, rel=0.15)
    # closer to the truth than either alone
    error = np.mean(np.log(found / truth) ** 2)
    assert error < 0.8 * np.mean(np.log(truth / np.exp(np.log(truth).mean())) ** 2)


def test_what_tells_nothing_is_as_the_others() -> None:
    variance, freedom = np.array([0.05, 0.2, 1.0, 4.0, 20.0, 0.0]), np.array([4.0] * 5 + [0.0])
    found, by_now = moderated_variances(4 * variance, freedom)
    assert found[0] < found[5] < found[4]
    assert by_now[5] == pytest.approx(by_now[0] - 4)


def test_values_that_agree_by_chance_are_not_without_noise() -> None:
    found, freedom = moderated_variances(np.array([0.0, 4.0, 4.4, 3.6]), np.full(4, 4.0))
    assert (found > 0).all()
    assert np.isfinite(freedom).all()


def test_no_noise_at_all() -> None:
    found, freedom = moderated_variances(np.zeros(3), np.full(3, 4.0))
    assert (found == 0).all()
    assert (freedom == 12).all()


def test_a_single_arm_that_tells_something_stands_for_all() -> None:
    found, freedom = moderated_variances(np.array([4.0, 0.1, 0.0]), np.array([2.0, 0.2, 0.0]))
    assert found == pytest.approx(np.full(3, 4.1 / 2.2))
    assert freedom == pytest.approx(np.full(3, 2.2))
