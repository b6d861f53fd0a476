"""Main effects, interactions, paths and Shapley values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import pytest
from scipy import linalg

from effect_tables import cells_of, names_of, subsets
from trimma.ablation.designs import Factorial
from trimma.effects import Analysis, Cell, Conclusion, interactions, main_effects, path, shapley
from trimma.errors import UsageError
from trimma.study import Component
from trimma.testing.ablations import asked

NAMES = ["a", "b", "c"]


def value(arm: frozenset[str]) -> float:
    """The whole is worth 10; without a it loses 3, without b 1, without both 2 more; c does nothing."""
    return 10 - 3 * ("a" in arm) - 1 * ("b" in arm) - 2 * ({"a", "b"} <= arm)


def measured(
    arms: list[tuple[str, ...]], repeats: int, sd: float = 0.01, of: Callable[[frozenset[str]], float] = value
) -> list[Cell]:
    rng = np.random.default_rng(5)
    truth = np.array([of(frozenset(arm)) for arm in arms])
    split = rng.standard_normal((repeats, 1))
    return cells_of(split + truth + sd * rng.standard_normal((repeats, len(arms))), arms)


def differences(analysis: Analysis) -> list[Any]:
    return [effect.difference for effect in analysis.effects]


def conclusions(analysis: Analysis) -> list[str]:
    return [effect.conclusion.value for effect in analysis.effects]


def screening(count: int) -> list[tuple[str, ...]]:
    """A Hadamard design of twelve or sixteen arms, and its fold-over."""
    signs = np.array(linalg.hadamard(16))[:, 1 : count + 1] < 0
    return [
        tuple(name for name, out in zip(names_of(count), row, strict=True) if out)
        for row in np.concatenate([signs, ~signs])
    ]


def test_main_effects_average_over_the_others() -> None:
    found = main_effects(measured(subsets(NAMES), 3), NAMES, maximize=True)
    # without a: -3, and -2 more in the half of the arms that are without b
    assert differences(found) == pytest.approx([-4, -2, 0], abs=0.02)
    assert conclusions(found) == ["helps", "helps", "undecided"]
    assert [effect.tier for effect in found.effects] == [1, 2, 3]
    assert found.freedom == 7 * 2
    assert any("averaged" in note for note in found.notes)


def test_main_effects_are_least_squares_where_cells_are_missing() -> None:
    cells = measured(subsets(NAMES), 2, sd=1.0)
    kept = [*cells[:3], *cells[4:]]
    found = main_effects(kept, NAMES, maximize=True)
    assert None not in differences(found)
    design = np.array([[1.0, *(name in arm for name in NAMES)] for arm in subsets(NAMES)])
    full = main_effects(cells, NAMES, maximize=True)
    means = np.array([cell.value for cell in cells]).reshape(2, -1).mean(axis=0)
    assert differences(full) == pytest.approx(np.linalg.lstsq(design, means, rcond=None)[0][1:])


def test_a_folded_screening_design_is_free_of_interactions() -> None:
    names = names_of(10)

    def pairwise(arm: frozenset[str]) -> float:
        return -1.0 * ("c1" in arm) + 5.0 * ({"c2", "c3"} <= arm)

    found = main_effects(measured(screening(10), 2, of=pairwise), names, maximize=True)
    expected = [0, -1, 2.5, 2.5, *[0] * 6]
    assert differences(found) == pytest.approx(expected, abs=0.02)


def test_one_repeat_of_a_factorial_design_takes_interactions_for_noise() -> None:
    found = main_effects(measured(subsets(NAMES), 1), NAMES, maximize=True)
    assert found.freedom == 4
    assert found.effects[0].low is not None
    assert any("interactions among it" in note for note in found.notes)


def test_aliases_are_said() -> None:
    arms = [(), ("a", "b"), ("c",), ("a", "b", "c")]
    found = main_effects(measured(arms, 2), NAMES, maximize=True)
    assert differences(found) == [None, None, pytest.approx(0, abs=0.1)]
    assert any("a, b from other components" in note for note in found.notes)


def test_other_arms_are_left_aside() -> None:
    cells = measured(subsets(NAMES), 2)
    assert differences(main_effects(cells, ["a", "b"], maximize=True)) == pytest.approx([-4, -2], abs=0.05)


def test_interactions() -> None:
    arms = [(), ("a",), ("b",), ("c",), ("a", "b"), ("c", "a")]
    found = interactions(measured(arms, 4), [("b", "a"), ("a", "c")], maximize=True)
    assert [effect.name for effect in found.effects] == ["b x a", "a x c"]
    assert differences(found) == pytest.approx([-2, 0], abs=0.05)
    assert conclusions(found) == ["helps", "undecided"]
    assert [effect.repeats for effect in found.effects] == [4, 4]
    assert found.effects[0].low is not None


def test_interaction_of_an_arm_that_failed_is_unknown() -> None:
    arms = [(), ("a",), ("b",), ("c",), ("a", "b"), ("c", "a")]
    cells = [
        Cell(arm=cell.arm, repeat=cell.repeat, value=None if cell.arm == ("a", "b") else cell.value)
        for cell in measured(arms, 4)
    ]
    first, second = interactions(cells, [("a", "b"), ("a", "c")], maximize=True).effects
    assert (first.difference, first.failures, first.repeats, first.conclusion) == (None, 4, 0, Conclusion.UNDECIDED)
    assert second.difference == pytest.approx(0, abs=0.05)


def test_path() -> None:
    arms = [(), ("b",), ("b", "a"), ("c", "a", "b")]
    found = path(measured(arms, 4), ["b", "a", "c"], maximize=True)
    assert differences(found) == pytest.approx([-1, -5, 0], abs=0.05)
    assert conclusions(found) == ["helps", "helps", "undecided"]
    assert [effect.tier for effect in found.effects] == [2, 1, 3]
    assert found.effects[0].probability == 1.0


def test_path_from_another_start() -> None:
    arms = [("a",), ("a", "b"), ("c", "a", "b")]
    assert differences(path(measured(arms, 3), ["b", "c"], maximize=True, start=["a"])) == pytest.approx(
        [-3, 0], abs=0.05
    )
    with pytest.raises(UsageError, match="leaves out b already"):
        path([], ["b"], maximize=True, start=["b"])


def orders(repeats: list[tuple[str, ...]], sd: float = 0.0) -> list[Cell]:
    rng = np.random.default_rng(2)
    return [
        Cell(arm=order[:size], repeat=repeat, value=value(frozenset(order[:size])) + sd * rng.standard_normal())
        for repeat, order in enumerate(repeats)
        for size in range(len(order) + 1)
    ]


def test_shapley_values_over_all_orders_are_exact() -> None:
    found = shapley(orders(list(permutations(NAMES))), NAMES, maximize=True)
    # the 2 that a and b lose together are shared
    assert differences(found) == pytest.approx([-4, -2, 0])
    assert sum(differences(found)) == pytest.approx(value(frozenset(NAMES)) - value(frozenset()))
    assert [effect.repeats for effect in found.effects] == [factorial(3)] * 3
    first, _, last = found.effects
    assert first.low is not None
    assert first.low < -4 < (first.high or 0)
    assert (last.low, last.high) == (0, 0)


def test_shapley_intervals_of_sampled_orders() -> None:
    rng = np.random.default_rng(1)
    sampled = [tuple(rng.permutation(NAMES).tolist()) for _ in range(40)]
    found = shapley(orders(sampled, sd=0.1), NAMES, maximize=True)
    for effect, truth in zip(found.effects, (-4, -2, 0), strict=True):
        assert effect.low is not None
        assert effect.high is not None
        assert effect.low < truth < effect.high
    assert conclusions(found) == ["helps", "helps", "undecided"]
    assert "40 sampled orders" in found.method


def test_shapley_leaves_out_changes_to_and_from_failures() -> None:
    cells = [
        Cell(arm=cell.arm, repeat=cell.repeat, value=None if set(cell.arm) == {"a", "b"} else cell.value)
        for cell in orders([("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")])
    ]
    found = shapley(cells, NAMES, maximize=True)
    assert [(effect.repeats, effect.failures) for effect in found.effects] == [(2, 1), (2, 1), (1, 0)]


def failing_without(name: str, cells: list[Cell]) -> list[Cell]:
    return [Cell(arm=cell.arm, repeat=cell.repeat, value=None if name in cell.arm else cell.value) for cell in cells]


def test_what_nothing_trains_without_helps_in_a_factorial_design() -> None:
    found = main_effects(failing_without("c", measured(subsets(NAMES), 5)), NAMES, maximize=True)
    assert [(effect.conclusion, effect.failures) for effect in found.effects] == [
        (Conclusion.HELPS, 10),
        (Conclusion.HELPS, 10),
        (Conclusion.HELPS, 20),
    ]
    assert differences(found) == [pytest.approx(-4, abs=0.1), pytest.approx(-2, abs=0.1), None]
    assert found.effects[2].tier == 1
    assert "Every training without c failed (20): it helps." in found.notes
    assert not any("don't tell c" in note for note in found.notes)


@pytest.mark.parametrize("resolution", [3, 4, None])
def test_only_what_fails_without_help_from_others_is_blamed(resolution: int | None) -> None:
    """Every training needs a, b and c. In a fraction of all arms others are left out only where one of these is."""
    names = list("abcdefg")
    parts = [Component(name=name, kind="setting", members=(name,)) for name in names]
    arms = list(Factorial(resolution).arms(parts, 0, (), asked()))
    cells = [
        Cell(arm=arm, repeat=repeat, value=None if {"a", "b", "c"} & set(arm) else float(repeat))
        for arm in arms
        for repeat in range(3)
    ]
    found = main_effects(cells, names, maximize=True)
    helping = {effect.name for effect in found.effects if effect.conclusion is Conclusion.HELPS}
    assert helping <= {"a", "b", "c"}
    assert helping == {"a", "b", "c"} if resolution is None else any("which of them" in note for note in found.notes)


def test_where_everything_fails_nothing_helps() -> None:
    cells = [Cell(arm=cell.arm, repeat=cell.repeat, value=None) for cell in measured(subsets(NAMES), 2)]
    assert conclusions(main_effects(cells, NAMES, maximize=True)) == ["undecided"] * 3
    assert conclusions(shapley(cells, NAMES, maximize=True)) == ["undecided"] * 3


def test_what_no_order_goes_on_without_helps_in_shapley_values() -> None:
    orders = list(permutations(NAMES))
    cells = [
        Cell(arm=arm, repeat=repeat, value=None if "c" in arm else value(frozenset(arm)))
        for repeat, order in enumerate(orders)
        for arm in (order[:size] for size in range(4))
    ]
    found = shapley(cells, NAMES, maximize=True)
    assert found.effects[2].conclusion is Conclusion.HELPS
    assert (found.effects[2].difference, found.effects[2].failures) == (None, 6)
    # the others are known from before
    assert found.effects[0].difference == pytest.approx((-3 - 3 - 5) / 3)
    assert "Every training without c failed (6): it helps." in found.notes


def test_two_orders_that_fail_convince_nobody() -> None:
    """Without both a and b nothing trains; by chance a always went first."""
    cells = [
        Cell(arm=arm, repeat=repeat, value=None if {"a", "b"} <= set(arm) else 1.0)
        for repeat, order in enumerate([("a", "b", "c"), ("c", "a", "b")])
        for arm in (order[:size] for size in range(4))
    ]
    assert conclusions(shapley(cells, NAMES, maximize=True)) == ["undecided"] * 3


def test_one_order_gives_no_intervals() -> None:
    found = shapley(orders([("a", "b", "c")]), NAMES, maximize=True)
    assert differences(found) == pytest.approx([-3, -3, 0])
    assert found.effects[0].low is None
    assert "One order" in found.notes[0]


def test_main_effects_of_a_design_with_an_arm_that_failed_are_said_to_be_unclear() -> None:
    whole = measured(subsets(NAMES), 3)
    assert not any("gave no value" in note for note in main_effects(whole, NAMES, maximize=True).notes)
    broken = [
        Cell(arm=cell.arm, repeat=cell.repeat, value=None if len(cell.arm) == 3 else cell.value) for cell in whole
    ]
    notes = main_effects(broken, NAMES, maximize=True).notes
    said = "1 of 8 arms gave no value (one leaves out all of them): main effects are not clear"
    assert any(note.startswith(said) for note in notes)
