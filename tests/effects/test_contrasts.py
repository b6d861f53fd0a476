from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from effect_tables import cells_of, column, drawn, names_of
from trimma.effects import Analysis, Cell, Conclusion, Effect, contrasts
from trimma.errors import UsageError


def analysed(table: Any, **options: Any) -> Analysis:
    options = {"maximize": True, **options}
    return contrasts(cells_of(table), names_of(np.shape(table)[1] - 1), **options)


def test_one_component_is_the_paired_t_test() -> None:
    table = drawn(1, 6, 2, shift=[0, -1])
    (effect,) = analysed(table).effects
    expected = stats.ttest_rel(table[:, 1], table[:, 0])
    assert effect.difference == pytest.approx((table[:, 1] - table[:, 0]).mean())
    assert effect.p == pytest.approx(expected.pvalue, abs=1e-6)
    low, high = expected.confidence_interval(0.95)
    assert (effect.low, effect.high) == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-3))


def test_independent_repeats_agree_with_scipys_dunnett() -> None:
    """With a repeat for each value there is one-way data but for the blocks, so compare on block residuals."""
    table = drawn(7, 8, 5, rho=0.0, shift=[0, 0.5, 1.0, 1.5, -2.0])
    found = analysed(table, variances="pooled")
    # Dunnett's test knows no blocks: take out the repeats' means, and correct for the freedom they cost
    centred = table - table.mean(axis=1, keepdims=True)
    peer = stats.dunnett(*centred[:, 1:].T, control=centred[:, 0], rng=np.random.default_rng(1))
    ratio = math.sqrt((4 * 7) / (5 * 7))
    t = np.array(column(found, "difference")) / (found.residual_sd or 1) / math.sqrt(2 / 8)
    assert t == pytest.approx(peer.statistic * ratio, rel=1e-9)
    assert found.freedom == 28


def test_p_is_that_of_scipys_dunnett_where_blocks_are_chains() -> None:
    rng = np.random.default_rng(3)
    groups = [rng.standard_normal(9) + shift for shift in (0, 0.3, 1.2, -1.0)]
    peer = stats.dunnett(*groups[1:], control=groups[0], rng=np.random.default_rng(1))
    arms = [(), ("c0",), ("c1",), ("c2",)]
    cells = [Cell(arm=arm, repeat=0, value=v) for arm, group in zip(arms, groups, strict=True) for v in group]
    found = contrasts(cells, names_of(3), maximize=True, variances="pooled")
    assert column(found, "p") == pytest.approx(peer.pvalue, abs=2e-3)
    interval = peer.confidence_interval(0.95)
    assert column(found, "low") == pytest.approx(interval.low, rel=0.01, abs=0.01)
    assert column(found, "high") == pytest.approx(interval.high, rel=0.01, abs=0.01)


def test_conclusions_follow_the_metrics_direction() -> None:
    table = drawn(2, 5, 4, shift=np.multiply(100, [5, 4, 6, 5])) / 100
    assert column(analysed(table), "conclusion") == ["helps", "hurts", "undecided"]
    assert column(analysed(table, maximize=False), "conclusion") == ["hurts", "helps", "undecided"]
    assert column(analysed(table), "letters") == ["a", "c", "b"]


def test_equivalent_within_the_smallest_difference() -> None:
    table = drawn(2, 5, 4, shift=np.multiply(100, [5, 4, 6, 4.95])) / 100
    found = analysed(table, smallest=0.2)
    assert column(found, "conclusion") == ["helps", "hurts", "equivalent"]
    last = found.effects[2]
    assert last.high is not None
    assert last.inner_low is not None
    assert last.low is not None
    assert last.low < last.inner_low < -0.01
    assert "90 %" in found.method


def test_an_arm_that_always_fails_helps() -> None:
    table = drawn(4, 5, 4)
    table[:, 1] = np.nan
    table[2, 2] = np.inf
    found = analysed(table)
    first, second, third = found.effects
    assert first.failure_p == pytest.approx(2 * stats.fisher_exact([[5, 0], [0, 5]]).pvalue)
    assert first == Effect(
        name="c0",
        difference=None,
        failures=5,
        failure_p=first.failure_p,
        conclusion=Conclusion.HELPS,
        probability=1.0,
    )
    assert (second.failures, second.failure_p, second.repeats) == (1, 1.0, 4)
    assert (third.failures, third.failure_p, third.repeats) == (0, None, 5)
    assert first.letters == second.letters == third.letters == ""
    assert found.notes == [
        (
            "Trainings without c0 fail more often: 5 of 5 failed, and 0 of 5 of those they are compared with "
            "(Fisher's exact test, adjusted p = 0.016)."
        ),
        "Trainings failed without c1 (1), not more often than chance may have it (Fisher's exact test).",
        "Differences are of the trainings that ended.",
    ]


def test_a_failure_is_worse_than_any_value() -> None:
    table = np.array([[1.0, 9.0], [2.0, 10.0], [3.0, np.nan], [4.0, np.nan]])
    (effect,) = analysed(table).effects
    assert effect.probability == pytest.approx(0.5)
    (effect,) = analysed(table, maximize=False).effects
    assert effect.probability == 1.0


def test_the_whole_beats_the_part_on_the_same_split() -> None:
    """What a repeat does to all arms is far more than the component does, and the residuals of others don't matter."""
    table = np.array([[1.0, 0.9, 1.0], [7.0, 6.9, 2.0], [4.0, 4.1, 4.0], [9.0, 8.9, 9.0]])
    first, second = analysed(table).effects
    assert (first.probability, second.probability) == (0.75, (3 * 0.5 + 1) / 4)
    assert analysed(table, maximize=False).effects[0].probability == 0.25


def test_what_differs_by_rounding_only_is_a_tie_and_changes_nothing() -> None:
    table = np.random.default_rng(1).standard_normal((6, 3))
    table[:, 1] = table[:, 0] * (1 + 1e-15)
    found = analysed(table)
    same, other = found.effects
    assert (same.identical, same.probability, same.conclusion) == (True, None, Conclusion.UNDECIDED)
    assert not other.identical
    assert "without c0 came to exactly the same" in found.notes[0]
    table[2, 1] += 0.1
    assert not analysed(table).effects[0].identical


def test_two_failures_are_a_tie_but_not_the_same() -> None:
    (effect,) = analysed([[np.nan, np.nan], [1.0, np.nan], [2.0, 2.0]]).effects
    assert effect.probability == pytest.approx((0.5 + 1 + 0.5) / 3)
    assert not effect.identical


def test_a_baseline_that_always_fails() -> None:
    table = drawn(4, 4, 3)
    table[:, 0] = np.nan
    found = analysed(table)
    assert column(found, "difference") == [None, None]
    assert column(found, "conclusion") == ["undecided"] * 2
    assert found.baseline_mean is None


def test_censored_cells_are_counted_and_not_compared() -> None:
    cells = cells_of(drawn(4, 4, 3))
    stopped = [*cells[:-1], Cell(arm=("c1",), repeat=3, value=1e9, censored=True)]
    found = contrasts(stopped, names_of(2), maximize=True)
    assert found == contrasts(stopped[:-1] + stopped[-1:], names_of(2), maximize=True)
    assert found.effects[1].censored == 1
    assert found.effects[1].repeats == 3
    assert abs(found.effects[1].difference or 0) < 10
    assert "1 training was stopped early" in found.notes[-1]


def test_one_repeat_has_no_intervals_and_says_so() -> None:
    found = analysed([[1.0, 2.0, 0.5]])
    assert column(found, "difference") == pytest.approx([1.0, -0.5])
    for field in ("low", "high", "p", "chances", "probability"):
        assert column(found, field) == [None, None]
    assert column(found, "conclusion") == ["undecided"] * 2
    assert column(found, "letters") == ["", ""]
    assert found.notes == [
        "One repeat gives no intervals: nothing tells a difference from noise. Run at least 3 repeats."
    ]
    assert "no intervals" in found.method


def test_a_metric_without_variance_is_said() -> None:
    found = analysed(np.full((4, 3), 0.1), smallest=0.2)
    assert column(found, "difference") == [0.0, 0.0]
    assert column(found, "conclusion") == ["undecided"] * 2
    assert "no variance" in found.notes[0]


def test_repeats_that_do_not_vary_tell_no_more_than_one() -> None:
    found = analysed([[1.0, 1.5, 0.2]] * 5)
    assert column(found, "difference") == [0.5, -0.8]
    assert column(found, "low") == column(found, "p") == [None, None]
    assert column(found, "conclusion") == ["undecided"] * 2
    assert "Let the objective take `split` and `seed`" in found.notes[0]
    assert "no intervals" in found.method


def test_repeats_without_noise_are_exact_and_said() -> None:
    found = analysed(np.add.outer([0.1, 0.2, math.pi], [0.0, 0.3, -0.1]))
    assert column(found, "low") == column(found, "high") == pytest.approx([0.3, -0.1])
    assert column(found, "conclusion") == ["hurts", "helps"]
    assert column(found, "letters") == ["b", "a"]
    assert "taken as exact" in found.notes[0]


def test_unequal_noise_is_said_and_widens_the_intervals_of_the_noisy_arms_only() -> None:
    noisy = np.array([1, 1, 1, 1, 1, 1, 1, 12, 12, 12, 12])
    found = analysed(drawn(8, 12, 11, sd=noisy))
    assert found.equal_variances is not None
    assert found.equal_variances < 0.01
    assert "Unequal noise: c6, c7, c8, c9 vary more" in found.notes[0]
    assert "moderated by evidence" in found.method
    widths = np.array(column(found, "high")) - np.array(column(found, "low"))
    assert widths[6:].min() > 2 * widths[:6].max()
    assert "pooled variance" in analysed(drawn(8, 12, 11), variances="pooled").method


def test_named_arms_and_another_reference() -> None:
    arms = [("a", "b"), ("a",), ("a", "b", "c")]
    found = contrasts(
        cells_of(drawn(1, 4, 3, shift=[0, 1, 2]), arms),
        ["with b", "group"],
        maximize=True,
        reference=("b", "a"),
        arms={"with b": ("a",), "group": ("c", "b", "a")},
    )
    assert column(found, "difference") == pytest.approx([1, 2], abs=2)
    assert found.baseline_mean == pytest.approx(drawn(1, 4, 3)[:, 0].mean())


def test_components_that_are_put_in() -> None:
    """The reference lacks all; differences are still without less with, and nothing helps for having failed alone."""
    arms = [("a", "b"), ("b",), ("a",)]
    cells = cells_of(drawn(1, 5, 3, shift=[0, 20, 0]), arms)
    options: dict[str, Any] = {"maximize": True, "reference": ("a", "b"), "arms": {"a": ("b",), "b": ("a",)}}
    a, b = contrasts(cells, ["a", "b"], adding=True, **options).effects
    assert (a.conclusion, a.probability, b.conclusion) == (Conclusion.HELPS, 1.0, Conclusion.UNDECIDED)
    assert a.difference == pytest.approx(-20, abs=1)
    broken = [
        Cell(arm=cell.arm, repeat=cell.repeat, value=None if cell.arm == ("b",) else cell.value) for cell in cells
    ]
    found = contrasts(broken, ["a", "b"], adding=True, **options)
    assert (found.effects[0].conclusion, found.effects[0].difference) == (Conclusion.UNDECIDED, None)
    assert "Trainings with a fail more often: 5 of 5" in found.notes[0]


def test_the_example_of_the_docs_reads_well() -> None:
    found = analysed(drawn(1, 5, 4), smallest=0.5, variances="pooled")
    assert found.method == (
        "additive model of arm and repeat, pooled variance (12 degrees of freedom), "
        "simultaneous 95 % intervals (Dunnett); equivalent where the simultaneous 90 % interval lies within 0.5 of zero"
    )


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ([], {}, "no components"),
        (["a", "a"], {}, "twice: a"),
        (["a"], {"confidence": 95}, "0.95"),
        (["a"], {"smallest": 0.0}, "above 0"),
    ],
)
def test_questions_that_make_no_sense(names: list[str], options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        contrasts([], names, maximize=True, **options)


def test_no_cells_at_all() -> None:
    found = contrasts([], ["a"], maximize=True)
    assert column(found, "difference") == [None]
    assert "nothing to compare" in found.notes[0]
