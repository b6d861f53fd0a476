from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from effect_tables import cells_of, column, drawn, names_of
from trimma.effects import Conclusion, contrasts
from trimma.effects.extreme_values import extreme_values
from trimma.effects.fitting.contrast_model import fit_contrast_model
from trimma.effects.observations import observe


def extremes(table: Any) -> list[int]:
    return extreme_values(fit_contrast_model(observe(cells_of(table)), reference=True)).tolist()


def test_the_arm_of_a_value_that_noise_does_not_explain_is_found() -> None:
    table = drawn(1, 6, 8)
    assert extremes(table) == []
    table[2, 5] -= 20
    assert extremes(table) == [5]
    table[4, 0] -= 25
    assert extremes(table) == [0, 5]


def test_a_noisy_arm_is_noisy_and_has_no_extreme_value() -> None:
    said = []
    for seed in range(200):
        table = drawn(seed, 5, 8)
        table[:, 3] = table[:, 3].mean() + 50 * (table[:, 3] - table[:, 3].mean())
        said.append(bool(extremes(table)))
    assert np.mean(said) < 0.03


@pytest.mark.parametrize("extra", [0.9, 1.1])
def test_of_two_arms_it_is_the_externally_studentized_residual(extra: float) -> None:
    """Both values of the repeat are as far away, since what a repeat does isn't known."""
    difference = np.array([0.3, -0.2, 0.1, -0.4, 0.2, 0.0, 0.1, -0.1, 0.0])
    t = extra * stats.t.isf(0.01 / 40, 8)
    rest = difference.var(ddof=1)
    last = difference.mean() + t * (rest * 10 / 9) ** 0.5
    table = np.stack([np.zeros(10), np.append(difference, last)], axis=1) + np.arange(10.0)[:, None] ** 0.5
    assert sorted(extremes(table)) == ([0, 1] if extra > 1 else [])


def test_nothing_that_rests_on_an_extreme_value_is_called_equivalent() -> None:
    table = drawn(3, 10, 6)
    before = contrasts(cells_of(table), names_of(5), maximize=True, smallest=9.0)
    assert set(column(before, "conclusion")) == {Conclusion.EQUIVALENT}
    table[4, 2] -= 15
    after = contrasts(cells_of(table), names_of(5), maximize=True, smallest=9.0)
    alone = [effect.conclusion is Conclusion.EQUIVALENT for effect in after.effects]
    assert alone == [True, False, True, True, True]
    (note,) = [note for note in after.notes if "normal noise" in note]
    assert note.startswith("1 training (without c1) lies farther from the others")
    table[7, 0] += 15
    whole = contrasts(cells_of(table), names_of(5), maximize=True, smallest=9.0)
    assert Conclusion.EQUIVALENT not in column(whole, "conclusion")
    assert any("2 trainings (the whole, without c1) lie" in note for note in whole.notes)
