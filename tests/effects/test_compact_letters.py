from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from trimma.effects.compact_letters import compact_letters


def test_letters_overlap_where_intervals_do() -> None:
    worth = np.array([1.0, 3.0, 2.0, -5.0])
    assert compact_letters(worth, np.full((4, 4), 1.5)) == ["b", "a", "ab", "c"]


def test_no_letters_where_no_two_are_told_apart_and_none_for_what_is_unknown() -> None:
    assert compact_letters(np.array([1.0, 2.0]), np.full((2, 2), 3.0)) == ["", ""]
    assert compact_letters(np.array([1.0, np.nan, 2.0]), np.full((3, 3), 0.5)) == ["b", "", "a"]
    assert compact_letters(np.array([]), np.zeros((0, 0))) == []


@pytest.mark.parametrize("seed", range(30))
def test_two_share_no_letter_exactly_where_they_are_told_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 12))
    worth, apart = rng.standard_normal(count), rng.uniform(0, 2, (count, count))
    apart = np.maximum(apart, apart.T)
    letters = compact_letters(worth, apart)
    told = [abs(worth[i] - worth[j]) > apart[i, j] for i, j in combinations(range(count), 2)]
    split = [not set(letters[i]) & set(letters[j]) for i, j in combinations(range(count), 2)]
    assert split == (told if any(told) else [True] * len(told))


def test_rounding_tells_nothing_apart() -> None:
    assert compact_letters(np.array([0.3, 0.1 + 0.2]), np.zeros((2, 2))) == ["", ""]
