from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from effect_tables import cells_of, column, drawn, names_of
from trimma.effects import Cell, contrasts


def several_wholes(table: Any, wholes: int = 3) -> list[Cell]:
    """Cells of a table of repeats by arms, of which the first ones are the whole's."""
    return cells_of(table, [()] * wholes + [(name,) for name in names_of(table.shape[1] - wholes)])


def test_several_trainings_of_the_whole_count_as_their_mean_with_a_variance_of_its_own() -> None:
    table = drawn(1, 5, 7)
    found = contrasts(several_wholes(table), names_of(4), maximize=True)
    whole, parts = table[:, :3].mean(axis=1), table[:, 3:]
    assert column(found, "difference") == pytest.approx(parts.mean(axis=0) - whole.mean())
    assert "that of the reference's means by itself" in found.method


@pytest.mark.parametrize("sd", [0.1, 1.0, 4.0])
def test_the_mean_of_the_whole_varies_as_it_does_between_repeats(sd: float) -> None:
    """By simulation: the standard error is that of the mean of the whole and of a part."""
    widths, scatter = [], []
    for seed in range(60):
        rng = np.random.default_rng([7, seed])
        table = rng.standard_normal((12, 11))
        table[:, :3] = sd * (rng.standard_normal((12, 1)) + 0.1 * table[:, :3])
        found = contrasts(several_wholes(table), names_of(8), maximize=True)
        widths.append(np.mean([((e.high or 0) - (e.low or 0)) / 2 for e in found.effects]))
        scatter.append(column(found, "difference"))
    assert 2.4 < np.mean(widths) / np.std(scatter) < 4.2


def test_the_whole_is_told_of_by_its_single_trainings() -> None:
    table = drawn(1, 5, 7)
    found = contrasts(several_wholes(table), names_of(4), maximize=True)
    assert found.baseline_sd == pytest.approx(table[:, :3].std(ddof=1))
    for effect in found.effects:
        assert (effect.probability or 0) * 15 * 5 == pytest.approx(round((effect.probability or 0) * 15 * 5))


def test_one_component_and_several_wholes_are_the_paired_t_test() -> None:
    table = drawn(1, 6, 4)
    found = contrasts(several_wholes(table), names_of(1), maximize=True)
    assert found.effects[0].p == pytest.approx(stats.ttest_rel(table[:, 3], table[:, :3].mean(axis=1)).pvalue)
    assert found.method.startswith("additive model of arm and repeat, pooled variance (5 degrees of freedom)")


def test_several_wholes_in_one_repeat_have_no_intervals() -> None:
    found = contrasts(several_wholes(drawn(1, 1, 6)), names_of(3), maximize=True)
    assert column(found, "low") == [None] * 3
    assert "One repeat gives no intervals" in found.notes[0]


def test_wholes_that_only_differ_between_repeats_are_not_exact() -> None:
    """Training that is deterministic: the whole's trainings in a repeat are copies, and tell no more than one."""
    table = drawn(1, 6, 5)
    once = contrasts(cells_of(table), names_of(4), maximize=True, variances="pooled")
    copied = contrasts(several_wholes(table[:, [0, 0, 0, 1, 2, 3, 4]]), names_of(4), maximize=True)
    assert column(copied, "difference") == pytest.approx(column(once, "difference"))
    widths = [[(e.high or 0) - (e.low or 0) for e in each.effects] for each in (once, copied)]
    assert np.mean(widths[1]) > 0.8 * np.mean(widths[0])


def test_wholes_without_noise_are_exact() -> None:
    table = np.tile([1.0, 1.0, 1.0, 0.5, 2.0], (4, 1)) + np.sqrt([[2.0], [3.0], [5.0], [7.0]])
    found = contrasts(several_wholes(table), names_of(2), maximize=True)
    assert column(found, "low") == column(found, "high") == pytest.approx([-0.5, 1.0])
