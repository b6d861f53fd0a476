from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from effect_tables import cells_of, drawn, names_of
from trimma.effects import contrasts
from trimma.effects.fitting.additive_model import fit_additive
from trimma.effects.fitting.equal_variance_tests import equal_variance_tests
from trimma.effects.observations import observe


def test_the_reference_is_compared_by_the_exact_f_test() -> None:
    """Against the sums of squares of the table without its first column, by hand."""
    table = drawn(3, 6, 5)
    fit = fit_additive(observe(cells_of(table)))

    def squares(values: np.ndarray) -> float:
        left = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
        return float((left**2).sum())

    rest = squares(table[:, 1:])
    explained = squares(table) - rest
    expected = stats.f.sf(explained / 5 / (rest / 15), 5, 15)
    assert equal_variance_tests(fit, reference="tested").reference == pytest.approx(expected)
    assert equal_variance_tests(fit, reference="as others").reference is None


def test_the_reference_is_compared_where_cells_are_missing() -> None:
    cells = [cell for index, cell in enumerate(cells_of(drawn(3, 6, 5))) if index not in (0, 7, 13)]
    full = fit_additive(observe(cells, [frozenset()]))
    rest = fit_additive(observe([cell for cell in cells if cell.arm], [frozenset(("c0",))]))
    above = full.freedom - rest.freedom
    squares = [float(fit.residual @ fit.residual) for fit in (full, rest)]
    ratio = (squares[0] - squares[1]) / above / (squares[1] / rest.freedom)
    assert equal_variance_tests(full, reference="tested").reference == pytest.approx(
        stats.f.sf(ratio, above, rest.freedom)
    )


def test_equal_arms_are_compared_without_the_least_distance() -> None:
    table = drawn(5, 7, 4, rho=0.0)
    fit = fit_additive(observe(cells_of(table)))
    left = fit.residual.reshape(7, 4)
    distances = np.sort(np.abs(left - np.median(left, axis=0)), axis=0)[1:]
    assert equal_variance_tests(fit, reference="as others").arms == pytest.approx(stats.f_oneway(*distances.T).pvalue)


@pytest.mark.parametrize(("repeats", "arms"), [(2, 5), (5, 2)])
def test_too_little_to_tell(repeats: int, arms: int) -> None:
    assert (
        equal_variance_tests(fit_additive(observe(cells_of(drawn(1, repeats, arms)))), reference="as others").arms
        is None
    )


def test_a_noisy_reference_is_said() -> None:
    found = contrasts(cells_of(drawn(4, 8, 6, sd=[9, 1, 1, 1, 1, 1])), names_of(5), maximize=True)
    assert "The reference may be noisier" in found.notes[0] or "unequally noisy" in found.notes[0]
    assert "variance of its own" in found.method


def test_own_variances_are_paired_t_tests() -> None:
    table = drawn(2, 9, 4)
    found = contrasts(cells_of(table), names_of(3), maximize=True, variances="own")
    for place, effect in enumerate(found.effects, start=1):
        p = stats.ttest_rel(table[:, place], table[:, 0]).pvalue
        assert effect.p == pytest.approx(1 - (1 - p) ** 3, abs=1e-4)
    assert found.notes == []


def test_with_few_repeats_no_interval_is_narrower_than_pooled() -> None:
    table = drawn(3, 5, 6, sd=[1, 0.02, 0.02, 1, 1, 12])
    doubted, pooled, own = (
        contrasts(cells_of(table), names_of(5), maximize=True, variances=variances)
        for variances in ("tested", "pooled", "own")
    )
    assert "none narrower" in doubted.method
    for one, two, three in zip(doubted.effects, pooled.effects, own.effects, strict=True):
        assert one.low == pytest.approx(min(two.low or 0, three.low or 0))
        assert one.p == pytest.approx(max(two.p or 0, three.p or 0))
