"""The chance that more repeats decide comes true as often as it is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from effect_tables import cells_of, column, drawn, names_of
from trimma.effects import Analysis, Conclusion, contrasts

NAMES = names_of(8)


def analysed(table: Any, **options: Any) -> Analysis:
    return contrasts(cells_of(table), names_of(np.shape(table)[1] - 1), maximize=True, **options)


def said_and_done(spread: float, factor: int, studies: int = 150) -> tuple[float, float]:
    """Over undecided effects, the mean of the chances that were said, and how many were decided with more repeats."""
    said, done = [], []
    for seed in range(studies):
        rng = np.random.default_rng([60, seed])
        truth = np.append(0.0, spread * rng.standard_normal(len(NAMES)))
        table = truth + rng.standard_normal((5 * factor, len(NAMES) + 1))
        before, after = analysed(table[:5]), analysed(table)
        for early, late in zip(before.effects, after.effects, strict=True):
            if early.chances is not None:
                said.append(early.chances.at_twice if factor == 2 else early.chances.at_four_times)
                done.append(late.conclusion is not Conclusion.UNDECIDED)
    return float(np.mean(said)), float(np.mean(done))


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
def test_decisions_come_about_as_often_as_is_said(spread: float, factor: int) -> None:
    said, done = said_and_done(spread, factor)
    assert said == pytest.approx(done, abs=0.09)


def test_where_nothing_matters_hardly_any_decision_is_promised() -> None:
    said, done = said_and_done(0.0, 4)
    assert said < 0.08
    assert done < 0.02


def test_only_what_is_undecided_and_has_an_interval_has_chances() -> None:
    found = analysed(drawn(2, 5, 4, shift=np.multiply(100, [5, 4, 6, 5])) / 100)
    assert [effect.chances is None for effect in found.effects] == [True, True, False]
    assert column(analysed([[1.0, 2.0, 0.5]]), "chances") == [None, None]


def test_the_chance_of_equivalence_counts() -> None:
    table = drawn(1, 5, 4, rho=0.0)
    without, within = analysed(table).effects[0].chances, analysed(table, smallest=1.2).effects[0].chances
    assert without is not None
    assert within is not None
    assert within.at_four_times > without.at_four_times + 0.1
