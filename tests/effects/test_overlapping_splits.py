"""Random splits of one data set share rows: intervals speak of new data only where they allow for that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from effect_tables import cells_of, drawn, names_of
from trimma.effects import Analysis, contrasts, interactions, main_effects, path, race_contrasts, race_standing, shapley

ROWS, SHARE, MEAN = 80, 0.25, 0.3
TRUTH = MEAN**2 - 1.0 / (ROWS * (1 - SHARE))
"""The error that is added, on new data, when the rows' mean isn't learnt."""


def study(seed: int, repeats: int, overlap: float) -> Analysis:
    """The squared error of the mean of the training rows, and of a guess of zero, over random splits of one table."""
    rng = np.random.default_rng([80, seed])
    rows, table = MEAN + rng.standard_normal(ROWS), []
    for _ in range(repeats):
        order = rng.permutation(ROWS)
        test, train = np.split(rows[order], [round(SHARE * ROWS)])
        table.append([((test - train.mean()) ** 2).mean(), (test**2).mean()])
    return contrasts(cells_of(table), names_of(1), maximize=False, overlap=overlap)


def held(repeats: int, overlap: float, studies: int = 300) -> float:
    effects = [study(seed, repeats, overlap).effects[0] for seed in range(studies)]
    return float(np.mean([(effect.low or 0) <= TRUTH <= (effect.high or 0) for effect in effects]))


@pytest.mark.parametrize("repeats", [5, 10, 30])
def test_intervals_hold_what_is_true_of_new_data(repeats: int) -> None:
    assert held(repeats, SHARE / (1 - SHARE)) >= 0.92


def test_without_the_correction_they_would_not() -> None:
    assert held(30, 0.0) < 0.7


def widths(analysis: Analysis) -> Any:
    return np.array([(effect.high or 0) - (effect.low or 0) for effect in analysis.effects])


def test_every_analysis_allows_for_the_overlap() -> None:
    arms = [(), ("a",), ("b",), ("a", "b")]
    cells = cells_of(drawn(1, 12, 4), arms)
    chain = cells_of(drawn(2, 12, 3), arms[:2] + arms[3:])
    wider = pytest.approx((1 + 12 * (1 / 4 + 0.04)) ** 0.5)  # and .04 for training rows that are the same
    for one, options in (
        (lambda **more: contrasts(cells, ["a", "b"], maximize=True, **more), {}),
        (lambda **more: main_effects(cells, ["a", "b"], maximize=True, **more), {}),
        (lambda **more: interactions(cells, [("a", "b")], maximize=True, **more), {}),
        (lambda **more: path(chain, ["a", "b"], maximize=True, **more), {}),
        (lambda **more: shapley(chain, ["a", "b"], maximize=True, **more), {}),
        (lambda **more: race_contrasts(cells, ["a", "b"], maximize=True, looks=(12,), **more), {}),
    ):
        apart, shared = one(**options), one(overlap=0.25, **options)
        assert widths(shared) / widths(apart) == wider
        assert "Nadeau and Bengio 2003" in shared.method
        assert "Nadeau" not in apart.method


def test_a_race_does_not_wait_for_what_no_repeat_will_show() -> None:
    """More splits of one data set can't make intervals as narrow as one likes."""
    table = drawn(3, 6, 3, shift=[0, 0.35, 0.5])
    looks = (6, 24)
    apart = race_standing(cells_of(table), names_of(2), look=6, looks=looks, maximize=True)
    shared = race_standing(cells_of(table), names_of(2), look=6, looks=looks, maximize=True, overlap=1.0)
    assert len(shared.racing) < len(apart.racing) + len(apart.settled)


def test_the_chance_of_a_decision_is_less_where_repeats_share_data() -> None:
    table = drawn(5, 6, 3, shift=[0, 0.4, 0.3])
    apart = contrasts(cells_of(table), names_of(2), maximize=True).effects
    shared = contrasts(cells_of(table), names_of(2), maximize=True, overlap=1 / 3).effects
    for one, other in zip(apart, shared, strict=True):
        if one.chances is not None and other.chances is not None:
            assert other.chances.at_four_times < one.chances.at_four_times
