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


def by_hand(table: Any) -> tuple[Any, Any]:
    """The variances of balanced arms that are noisy by the p of exact F tests, and the degrees of freedom of each."""
    repeats, arms = table.shape
    left = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    freedom = (repeats - 1) * (arms - 1) / arms
    own = (left**2).sum(axis=0) / freedom
    common, total = own.mean(), freedom * arms
    p = stats.f.sf(own / common, freedom, total)
    bound = np.where(p < 1 / np.e, -np.e * p * np.log(p), 1.0)
    bound[0] **= 2
    roots = np.cbrt(own / common)
    spread = ((roots - roots.mean()) ** 2).sum() * freedom * 4.5
    differ = stats.norm.cdf((np.cbrt(spread / (arms - 1)) - 1 + 2 / 9 / (arms - 1)) / (2 / 9 / (arms - 1)) ** 0.5) ** 5
    odds = np.array([0.0] + [25.0] * (arms - 1))
    probable = (1 - differ) * (1 + odds) * bound / (1 + odds * bound) + differ * bound / (1 + bound)
    alike = probable * (1 - np.exp(-(freedom**2) / 2))
    variance = alike * common + (1 - alike) * own
    own_part = (1 - alike) * own**2 * 2 / freedom + alike * (1 - alike) * (own - common) ** 2
    return variance, 2 * variance**2 / (2 / total * (alike * common) ** 2 + own_part)


@pytest.mark.parametrize("seed", range(4))
def test_a_variance_is_the_mean_of_its_own_and_the_common_one_by_their_probabilities(seed: int) -> None:
    table = drawn(seed, 6, 8)
    variance, freedom = by_hand(table)
    found = variances(table)
    assert found.variance == pytest.approx(variance, rel=0.03)  # its F tests are approximate
    assert found.freedom == pytest.approx(freedom, rel=0.1)
    assert found.few is False


def test_intervals_have_the_satterthwaite_degrees_of_freedom_of_both_arms() -> None:
    """Arms share their common variance, so that its uncertainty doesn't average out between them."""
    table = drawn(3, 6, 8, sd=[2, 1, 1, 3, 1, 1, 1, 1])
    found = variances(table)
    rows = np.hstack([-np.ones((7, 1)), np.eye(7)])
    covariance, freedom = found.covariance(rows)
    for place in range(1, 8):
        parts = found.variance[[0, place]] / 6
        assert covariance[place - 1, place - 1] == pytest.approx(parts.sum())
        spread = 2 / found.total * (found.shared[[0, place]] @ parts) ** 2 + found.scatter[[0, place]] @ parts**2
        assert freedom[place - 1] == pytest.approx(2 * parts.sum() ** 2 / spread)
    off = covariance[~np.eye(7, dtype=bool)]
    assert off == pytest.approx(np.full(42, found.variance[0] / 6))


def test_what_is_least_known_has_the_fewest_degrees_of_freedom() -> None:
    """Whether an arm is noisy is least known between what clearly is noise as of the others and what clearly isn't."""
    table = drawn(2, 8, 12)
    freedom = []
    for factor in (0.3, 1.0, 30.0):
        table[:, 5] = table[:, 0] + factor * np.array([1.0, -1.0, 0.5, -0.5, 0.8, -0.8, 0.2, -0.2])
        freedom.append(variances(table).freedom[5])
    assert freedom[1] < freedom[2] < freedom[0]
    assert freedom[2] == pytest.approx(7, rel=0.1)


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


@pytest.mark.parametrize(("arms", "enough"), [(4, 4), (8, 4), (11, 4), (300, 4)])
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
    assert (found.shared == 1).all()
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


def test_intervals_are_those_of_normals_that_correlate_as_the_differences() -> None:
    """The joint probability by another algorithm (Genz), and the t of each by its own degrees of freedom."""
    table = drawn(3, 6, 6, sd=[2, 1, 1, 3, 1, 1])
    found = variances(table)
    covariance, freedom = found.covariance(np.hstack([-np.ones((5, 1)), np.eye(5)]))
    error = np.sqrt(np.diag(covariance))
    half = widths(contrasts(cells_of(table), names_of(5), maximize=True)) / 2
    z = stats.norm.isf(stats.t.sf(half / error, freedom))
    assert z == pytest.approx(np.full(5, z.mean()), rel=0.02)
    joint = stats.multivariate_normal(cov=covariance / np.outer(error, error), seed=1)
    assert joint.cdf(np.full(5, z.mean()), lower_limit=np.full(5, -z.mean())) == pytest.approx(0.95, abs=0.003)
