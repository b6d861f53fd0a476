from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from effect_tables import cells_of, column, drawn, names_of
from trimma.effects import Analysis, contrasts
from trimma.effects.fitting.additive_model import fit_additive
from trimma.effects.fitting.arm_variances import arm_variances
from trimma.effects.observations import observe


def variances(table: Any, **options: Any) -> Any:
    return arm_variances(fit_additive(observe(cells_of(table))), **{"reference": True, **options})


def widths(analysis: Analysis) -> Any:
    return np.array(column(analysis, "high")) - np.array(column(analysis, "low"))


def test_arms_that_look_alike_have_one_pooled_variance() -> None:
    rng = np.random.default_rng(1)
    found = next(each for each in (variances(rng.standard_normal((6, 8))) for _ in range(100)) if each.alike.all())
    assert found.variance == pytest.approx(np.full(8, found.fit.variance))
    assert found.freedom == pytest.approx(np.full(8, 35.0))


def test_a_wild_arm_has_its_own_variance_and_leaves_the_others_alone() -> None:
    table = drawn(4, 5, 8)
    wild = table.copy()
    wild[:, 4] += 100 * np.array([1.0, -2.0, 0.5, 2.5, -2.0])
    found = variances(wild)
    own = (wild[:, 4] - np.delete(wild, 4, axis=1).mean(axis=1)).var(ddof=1)
    assert found.variance[4] == pytest.approx(own, rel=0.02)
    assert found.freedom[4] == pytest.approx(4, abs=0.1)
    assert found.noisier[4] < 1e-6
    without = np.delete(wild, 4, axis=1)
    assert found.common == pytest.approx(variances(without).common, rel=0.1)
    kept = [place for place in range(7) if place != 3]
    alone = contrasts(cells_of(without), names_of(6), maximize=True)
    beside = contrasts(cells_of(wild), names_of(7), maximize=True)
    assert widths(beside)[kept] == pytest.approx(widths(alone), rel=0.25)


def test_what_one_wild_arm_hides_from_a_pooled_variance_is_found() -> None:
    """Ten deviations in each repeat, five repeats, one arm a hundred times as noisy as the others."""
    told = []
    for seed in range(60):
        rng = np.random.default_rng([30, seed])
        table = rng.standard_normal((5, 11))
        table[:, 7] *= 100
        table[:, 3] -= 10
        told.append(contrasts(cells_of(table), names_of(10), maximize=True).effects[2].conclusion.value)
    assert set(told) == {"helps"}


def test_a_noisy_reference_widens_all_intervals_and_is_said() -> None:
    found = contrasts(cells_of(drawn(4, 8, 6, sd=[9, 1, 1, 1, 1, 1])), names_of(5), maximize=True)
    assert "Unequal noise: the whole varies more" in found.notes[0]
    noise = drawn(4, 8, 6, sd=[9, 1, 1, 1, 1, 1])[:, 0].std(ddof=1)
    assert widths(found).min() / 2 > 2 * noise / 8**0.5


def test_a_noisy_reference_alone_makes_one_estimate_of_the_noise() -> None:
    table = drawn(4, 8, 6, sd=[90, 1, 1, 1, 1, 1])
    found = contrasts(cells_of(table), names_of(5), maximize=True)
    t = stats.t.ppf(0.975, 7) * table[:, 0].std(ddof=1) / 8**0.5
    assert widths(found) / 2 == pytest.approx(np.full(5, t), rel=0.1)  # all stand or fall together


@pytest.mark.parametrize("repeats", [2, 3])
def test_few_repeats_are_too_few_to_pool_and_that_is_said(repeats: int) -> None:
    rng = np.random.default_rng(2)
    table = rng.standard_normal((repeats, 11))
    found, pooled = (
        contrasts(cells_of(table), names_of(10), maximize=True, variances=how) for how in ("moderated", "pooled")
    )
    assert "few repeats to tell" in found.notes[-1]
    assert widths(found).mean() > 1.2 * widths(pooled).mean()


@pytest.mark.parametrize(("arms", "enough"), [(4, 6), (8, 5), (11, 4), (300, 5)])
def test_as_many_repeats_as_the_note_asks_for_are_enough(arms: int, enough: int) -> None:
    table = np.random.default_rng(2).standard_normal((enough, arms))
    few, many = (contrasts(cells_of(table[:rows]), names_of(arms - 1), maximize=True) for rows in (enough - 1, enough))
    assert few.notes[-1].endswith(f"Run at least {enough}.")
    assert not any("repeats to tell" in note for note in many.notes)


def test_where_some_arms_have_few_repeats_of_many_no_more_are_asked_for() -> None:
    cells = cells_of(np.random.default_rng(2).standard_normal((12, 6)))
    found = contrasts([cell for cell in cells if cell.arm != ("c0",) or cell.repeat < 3], names_of(5), maximize=True)
    assert any(note.startswith("Some arms have too few repeats to tell") for note in found.notes)
    assert not any("Run at least" in note for note in found.notes)


def test_intervals_narrow_with_each_repeat_and_without_a_jump() -> None:
    """The mean width, in that of pooled variances, falls towards 1 from repeat to repeat."""
    rng = np.random.default_rng(5)
    ratio = []
    for repeats in range(3, 11):
        wide, narrow = [], []
        for _ in range(25):
            cells = cells_of(rng.standard_normal((repeats, 7)))
            wide.append(np.median(widths(contrasts(cells, names_of(6), maximize=True))))
            narrow.append(np.median(widths(contrasts(cells, names_of(6), maximize=True, variances="pooled"))))
        ratio.append(np.median(np.divide(wide, narrow)))
    assert all(later < before * 1.05 for before, later in pairwise(ratio))
    assert ratio[-1] < 1.15


def test_of_two_arms_the_noise_of_each_is_not_told() -> None:
    found = variances(drawn(1, 5, 2))
    assert found.alike.all()
    assert not found.few


def test_own_variances_are_paired_t_tests() -> None:
    table = drawn(2, 9, 4)
    found = contrasts(cells_of(table), names_of(3), maximize=True, variances="own")
    for place, effect in enumerate(found.effects, start=1):
        p = stats.ttest_rel(table[:, place], table[:, 0]).pvalue
        assert effect.p == pytest.approx(1 - (1 - p) ** 3, abs=1e-4)
    assert found.notes == []
    assert "variance of its own" in found.method


def test_noise_of_rounding_alone_is_no_noise_that_breaks_the_intervals() -> None:
    """More than half of the arms may have none at all, so that it has no median."""
    for seed in (51, 56):
        rng = np.random.default_rng([7, seed])
        table = 1.0 + rng.standard_normal((3, 1)) + np.zeros((3, 11))
        table[:, 1] += 1e-9 * rng.standard_normal(3)
        with np.errstate(all="raise", under="ignore"):
            analysis = contrasts(cells_of(table), names_of(10), maximize=True)
        assert not any(low is not None and np.isnan(low) for low in column(analysis, "low"))
