from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
import pytest

from effect_tables import ABC, conclusions, differences, measured, subsets, value_without
from trimma.effects import Cell, Conclusion, shapley


def orders(repeats: list[tuple[str, ...]], sd: float = 0.0) -> list[Cell]:
    rng = np.random.default_rng(2)
    return [
        Cell(arm=order[:size], repeat=repeat, value=value_without(frozenset(order[:size])) + sd * rng.standard_normal())
        for repeat, order in enumerate(repeats)
        for size in range(len(order) + 1)
    ]


def test_shapley_values_over_all_orders_are_exact() -> None:
    found = shapley(orders(list(permutations(ABC))), ABC, maximize=True)
    # the 2 that a and b lose together are shared
    assert differences(found) == pytest.approx([-4, -2, 0])
    assert sum(differences(found)) == pytest.approx(value_without(frozenset(ABC)) - value_without(frozenset()))
    assert [effect.repeats for effect in found.effects] == [factorial(3)] * 3
    first, _, last = found.effects
    assert first.low is not None
    assert first.low < -4 < (first.high or 0)
    assert (last.low, last.high) == (0, 0)


def test_shapley_intervals_of_sampled_orders() -> None:
    rng = np.random.default_rng(1)
    sampled = [tuple(rng.permutation(ABC).tolist()) for _ in range(40)]
    found = shapley(orders(sampled, sd=0.1), ABC, maximize=True)
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
    found = shapley(cells, ABC, maximize=True)
    assert [(effect.repeats, effect.failures) for effect in found.effects] == [(2, 1), (2, 1), (1, 0)]


def test_what_no_order_goes_on_without_helps_in_shapley_values() -> None:
    orders = list(permutations(ABC))
    cells = [
        Cell(arm=arm, repeat=repeat, value=None if "c" in arm else value_without(frozenset(arm)))
        for repeat, order in enumerate(orders)
        for arm in (order[:size] for size in range(4))
    ]
    found = shapley(cells, ABC, maximize=True)
    assert found.effects[2].conclusion is Conclusion.HELPS
    assert (found.effects[2].difference, found.effects[2].failures) == (None, 6)
    # the others are known from before
    assert found.effects[0].difference == pytest.approx((-3 - 3 - 5) / 3)
    assert any("without c fail more often: 6 of 6 failed" in note for note in found.notes)


def test_two_orders_that_fail_convince_nobody() -> None:
    """Without both a and b nothing trains; by chance a always went first."""
    cells = [
        Cell(arm=arm, repeat=repeat, value=None if {"a", "b"} <= set(arm) else 1.0)
        for repeat, order in enumerate([("a", "b", "c"), ("c", "a", "b")])
        for arm in (order[:size] for size in range(4))
    ]
    assert conclusions(shapley(cells, ABC, maximize=True)) == ["undecided"] * 3


def test_one_order_gives_no_intervals() -> None:
    found = shapley(orders([("a", "b", "c")]), ABC, maximize=True)
    assert differences(found) == pytest.approx([-3, -3, 0])
    assert found.effects[0].low is None
    assert "One order" in found.notes[0]


def test_where_everything_fails_nothing_helps() -> None:
    cells = [Cell(arm=cell.arm, repeat=cell.repeat, value=None) for cell in measured(subsets(ABC), 2)]
    assert conclusions(shapley(cells, ABC, maximize=True)) == ["undecided"] * 3
