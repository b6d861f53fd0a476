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
    assert last.low is not None
    assert last.low < 0 < (last.high or 0)


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


def mirrored(count: int, seed: int, names: list[str] = ABC) -> list[tuple[str, ...]]:
    rng = np.random.default_rng([40, seed])
    drawn = [tuple(rng.permutation(names).tolist()) for _ in range(count // 2 + count % 2)]
    return [each for order in drawn for each in (order, order[::-1])][:count]


def majority(repeats: int, seed: int, names: list[str]) -> list[Cell]:
    """What works as long as most of its parts are there, so that one in each order decides, and the same in reverse."""
    rng = np.random.default_rng([41, seed])
    return [
        Cell(
            arm=order[:size],
            repeat=repeat,
            value=float(2 * size < len(names)) + 0.05 * float(rng.standard_normal()),
        )
        for repeat, order in enumerate(mirrored(repeats, seed, names))
        for size in range(len(order) + 1)
    ]


@pytest.mark.parametrize("names", [list("abc"), list("abcde")])
@pytest.mark.parametrize("repeats", [10, 24, 40])
def test_intervals_hold_where_an_order_and_its_reverse_do_the_same(names: list[str], repeats: int) -> None:
    held = []
    for seed in range(150):
        found = shapley(majority(repeats, seed, names), names, maximize=True)
        held.append(
            all((effect.low or 0) <= -1 / len(names) <= (effect.high or 0) for effect in found.effects)
            and all(effect.low is not None for effect in found.effects)
        )
    assert np.mean(held) >= 0.94


def test_an_order_and_its_reverse_are_one_sample() -> None:
    cells = orders(mirrored(12, 1), sd=0.1)
    found = shapley(cells, ABC, maximize=True)
    assert "12 sampled orders, each and its reverse as one sample" in found.method
    assert [effect.repeats for effect in found.effects] == [12] * 3
    apart = [Cell(arm=cell.arm, repeat=2 * cell.repeat, value=cell.value) for cell in cells]
    assert "reverse" not in shapley(apart, ABC, maximize=True).method


@pytest.mark.parametrize(
    ("repeats", "said"), [(8, "4 pairs of an order and its reverse"), (7, "4 pairs"), (3, "2 pairs")]
)
def test_too_few_orders_give_no_intervals_and_say_so(repeats: int, said: str) -> None:
    found = shapley(orders(mirrored(repeats, 1), sd=0.1), ABC, maximize=True)
    assert [effect.low for effect in found.effects] == [None] * 3
    assert found.notes[0].startswith(said)
    assert "Run at least 10 repeats" in found.notes[0]
    assert "no intervals" in found.method


def test_one_order_gives_no_intervals() -> None:
    found = shapley(orders([("a", "b", "c")]), ABC, maximize=True)
    assert differences(found) == pytest.approx([-3, -3, 0])
    assert found.effects[0].low is None
    assert "One order" in found.notes[0]


def test_where_everything_fails_nothing_helps() -> None:
    cells = [Cell(arm=cell.arm, repeat=cell.repeat, value=None) for cell in measured(subsets(ABC), 2)]
    assert conclusions(shapley(cells, ABC, maximize=True)) == ["undecided"] * 3
