from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from effect_tables import cells_of, drawn, names_of
from trimma.effects import Conclusion, Effect, contrasts, race_contrasts, race_standing
from trimma.effects.distributions.dunnett import dunnett_critical_z, dunnett_family
from trimma.effects.racing.alpha_spending import nominal_levels
from trimma.effects.racing.predictive_power import predictive_power
from trimma.errors import UsageError


def test_one_look_has_all_the_error() -> None:
    assert nominal_levels((8,), 1, 10, 0.05) == pytest.approx((0.05,), abs=1e-6)


def test_looks_of_one_effect_agree_with_group_sequential_tables() -> None:
    """Four even looks whose error is spent as the cube of the share of looks (Jennison and Turnbull 2000, rho = 3)."""
    spent = [0.05 * (look / 4) ** 3 for look in range(1, 5)]
    assert nominal_levels((1, 2, 3, 4), 4, 1, 0.05)[0] == pytest.approx(spent[0], abs=1e-6)
    rng = np.random.default_rng(2)
    path = np.cumsum(rng.standard_normal((400_000, 4)), axis=1) / np.sqrt(np.arange(1, 5))
    reach = [stats.norm.isf(level / 2) for level in nominal_levels((1, 2, 3, 4), 4, 1, 0.05)]
    crossed = np.maximum.accumulate(np.abs(path) > reach, axis=1).mean(axis=0)
    assert crossed == pytest.approx(spent, abs=0.001)


def test_error_is_spent_by_the_last_look_and_not_before() -> None:
    rng = np.random.default_rng(4)
    sizes, arms, studies = (3, 6, 12, 24), 5, 40_000
    noise = rng.standard_normal((studies, 24, arms + 1))
    sums = np.cumsum(noise, axis=1)[:, [size - 1 for size in sizes]]
    t = (sums[:, :, 1:] - sums[:, :, :1]) / np.sqrt(2 * np.array(sizes))[:, None]
    largest = np.abs(t).max(axis=2)
    groups = dunnett_family([0.5**0.5] * arms, [float("inf")] * arms)
    reach = np.array([dunnett_critical_z(groups, level, shared=True) for level in nominal_levels(sizes, 4, arms, 0.05)])
    crossed = (largest > reach).any(axis=1).mean()
    assert 0.044 < crossed < 0.052


def test_settled_components_stay_settled() -> None:
    table = drawn(3, 12, 4, shift=[0, 30, 0.4, 0.5])
    cells = [cell for cell in cells_of(table) if cell.arm != ("c0",) or cell.repeat < 3]
    found = race_contrasts(cells, names_of(3), maximize=True)
    first, *others = found.effects
    assert (first.conclusion, first.repeats) == (Conclusion.HURTS, 3)
    assert [effect.repeats for effect in others] == [12, 12]
    assert "after 3, 6, 12 repeats" in found.method
    early, late = (race_standing(cells, names_of(3), look=look, maximize=True) for look in (3, 12))
    assert (early.settled.keys(), early.racing) == ({"c0"}, ("c1", "c2"))
    assert late.settled["c0"].low == pytest.approx(early.settled["c0"].low)


def test_later_repeats_do_not_matter_to_a_look() -> None:
    table = drawn(3, 12, 4, shift=[0, 3, 0, 0])
    early = race_standing(cells_of(table[:6]), names_of(3), look=6, maximize=True, smallest=2.0)
    assert race_standing(cells_of(table), names_of(3), look=6, maximize=True, smallest=2.0) == early


def test_what_is_futile_drops_out_undecided() -> None:
    table = drawn(3, 24, 4, shift=[0, 0, 0, 0.6])
    table[:12, 1] -= (table[:12, 1] - table[:12, 0]).mean()
    standing = race_standing(cells_of(table[:12]), names_of(3), look=12, maximize=True)
    assert "c0" in standing.futile
    assert standing.futile["c0"].conclusion is Conclusion.UNDECIDED
    assert "c0" in race_standing(cells_of(table[:12]), names_of(3), look=12, maximize=True, smallest=0.45).racing
    assert race_standing(cells_of(table), names_of(3), look=24, maximize=True).racing == ()


def test_predictive_power_is_how_often_the_last_look_settles() -> None:
    """Predicted at 12 repeats, for noise of known size, against studies that go on from there."""
    rng = np.random.default_rng(8)
    effect = Effect(name="a", difference=0.5, low=-0.5, high=1.5, inner_low=-0.4, inner_high=1.4)
    looks, errors = (12, 24), nominal_levels((12, 24), 2, 1, 0.05)
    reach = [stats.norm.isf(error / 2) for error in errors]
    sd = 1.0 / reach[0] * 12**0.5
    truth = 0.5 + sd / 12**0.5 * rng.standard_normal(200_000)
    ends = (0.5 + truth + sd / 12**0.5 * rng.standard_normal(200_000)) / 2
    settled = np.abs(ends) > reach[1] * sd / 24**0.5
    assert predictive_power(effect, 12, looks, errors, 1, smallest=None) == pytest.approx(settled.mean(), abs=0.005)
    inner = 0.9 * 0.5**0.5 * stats.norm.isf(errors[1]) / stats.norm.isf(errors[0])
    small = settled | (np.abs(ends) + inner < 0.7)
    assert predictive_power(effect, 12, looks, errors, 1, smallest=0.7) == pytest.approx(small.mean(), abs=0.005)
    assert predictive_power(effect, 12, looks, errors, 1, smallest=9.0) == 1
    assert predictive_power(effect, 24, looks, errors, 1, smallest=1.0) == 0


def test_a_component_that_changes_nothing_is_futile_where_nothing_is_random() -> None:
    table = np.random.default_rng(0).standard_normal((3, 1)) + np.array([0, 0, 3, 0])
    standing = race_standing(cells_of(table), names_of(3), look=3, maximize=True)
    assert (list(standing.settled), list(standing.futile), standing.racing) == (["c1"], ["c0", "c2"], ())


def test_what_dropped_out_keeps_the_interval_of_its_last_look() -> None:
    table = drawn(3, 24, 4)
    stopped = [cell for cell in cells_of(table) if cell.arm != ("c0",) or cell.repeat < 12]
    dropped, *_ = race_contrasts(stopped, names_of(3), maximize=True).effects
    whole, *_ = race_contrasts(cells_of(table[:12]), names_of(3), maximize=True).effects
    assert (dropped.repeats, dropped.low, dropped.high) == (12, pytest.approx(whole.low), pytest.approx(whole.high))
    assert "c0" in race_standing(stopped, names_of(3), look=24, maximize=True).futile


def test_a_race_is_wider_than_one_look() -> None:
    table = drawn(3, 24, 4)
    for one, other in zip(
        race_contrasts(cells_of(table), names_of(3), maximize=True).effects,
        contrasts(cells_of(table), names_of(3), maximize=True).effects,
        strict=True,
    ):
        assert one.low is not None
        assert other.low is not None
        assert one.low < other.low
        assert one.difference == other.difference


def test_repeats_between_looks_count_as_a_look() -> None:
    found = race_contrasts(cells_of(drawn(3, 9, 4)), names_of(3), maximize=True)
    assert [effect.repeats for effect in found.effects] == [9, 9, 9]
    assert "after 3, 6, 9 repeats" in found.method


def test_equivalent_components_are_settled() -> None:
    settled = race_standing(cells_of(drawn(3, 6, 4) / 10), names_of(3), look=6, maximize=True, smallest=1.0).settled
    assert {effect.conclusion for effect in settled.values()} == {Conclusion.EQUIVALENT}
    assert len(settled) == 3


def test_before_the_first_look() -> None:
    for repeats in (0, 1, 2):
        found = race_contrasts(cells_of(drawn(3, 9, 4)[:repeats]) if repeats else [], names_of(3), maximize=True)
        assert [effect.repeats for effect in found.effects] == [repeats] * 3


def test_looks_that_make_no_sense() -> None:
    with pytest.raises(UsageError, match="looks are at 3, 6, 12, 24"):
        race_standing([], ["a"], look=5, maximize=True)
    for looks in ((), (6, 3), (1, 2)):
        with pytest.raises(UsageError, match="rising"):
            race_contrasts([], ["a"], looks=looks, maximize=True)
