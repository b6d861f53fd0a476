"""What must hold of all analyses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effect_tables import cells_of, drawn, names_of
from trimma.effects import Analysis, Cell, Conclusion, contrasts, race_contrasts

tables = st.tuples(st.integers(2, 6), st.integers(2, 6), st.integers(0, 10_000)).map(
    lambda drawing: drawn(drawing[2], drawing[0], drawing[1])
)
gaps = st.sets(st.integers(0, 40), max_size=6)
wholes = st.integers(1, 3)


def named(table: Any, whole: int) -> list[str]:
    """The components of a table of which the first columns, as many as ``whole``, are the whole's; one at least."""
    return names_of(max(1, table.shape[1] - whole))


def with_gaps(table: Any, missing: set[int], whole: int = 1) -> list[Cell]:
    names = named(table, whole)
    arms = [()] * (table.shape[1] - len(names)) + [(name,) for name in names]
    return [
        Cell(arm=cell.arm, repeat=cell.repeat, value=None if place in missing else cell.value)
        for place, cell in enumerate(cells_of(table, arms))
    ]


def close(first: Analysis, second: Analysis, *, scale: float = 1.0, sign: float = 1.0) -> None:
    for one, other in zip(first.effects, second.effects, strict=True):
        ends = (one.low, one.high) if sign * scale > 0 else (one.high, one.low)
        for mine, theirs in ((one.difference, other.difference), *zip(ends, (other.low, other.high), strict=True)):
            if mine is None or theirs is None:
                assert mine is theirs
            else:
                assert theirs == pytest.approx(sign * scale * mine, rel=1e-6, abs=1e-7 * abs(scale))
        assert (one.conclusion, one.letters, one.repeats) == (other.conclusion, other.letters, other.repeats)
        assert (one.p is None) == (other.p is None)
        if one.p is not None:
            assert one.p == pytest.approx(other.p, abs=1e-6)


@given(tables, gaps, wholes, st.floats(-100, 100), st.sampled_from([0.001, 0.5, 20.0]))
def test_shift_and_scale(table: Any, missing: set[int], whole: int, shift: float, scale: float) -> None:
    names = named(table, whole)
    first = contrasts(with_gaps(table, missing, whole), names, maximize=True)
    close(first, contrasts(with_gaps(scale * table + shift, missing, whole), names, maximize=True), scale=scale)


@given(tables, gaps, wholes)
def test_direction_and_sign_together_change_nothing(table: Any, missing: set[int], whole: int) -> None:
    names = named(table, whole)
    first = contrasts(with_gaps(table, missing, whole), names, maximize=True, smallest=0.5)
    second = contrasts(with_gaps(-table, missing, whole), names, maximize=False, smallest=0.5)
    close(first, second, sign=-1.0)
    for one, other in zip(first.effects, second.effects, strict=True):
        assert one.probability == pytest.approx(other.probability)


@given(tables, gaps, wholes, st.randoms(use_true_random=False))
def test_order_of_cells_and_names_of_repeats_do_not_matter(
    table: Any, missing: set[int], whole: int, random: Any
) -> None:
    names = named(table, whole)
    cells = with_gaps(table, missing, whole)
    first = contrasts(cells, names, maximize=True)
    other = [Cell(arm=cell.arm, repeat=7 - 3 * cell.repeat, value=cell.value) for cell in cells]
    random.shuffle(other)
    order = list(range(len(names)))
    random.shuffle(order)
    second = contrasts(other, [names[place] for place in order], maximize=True)
    by_name = {effect.name: effect for effect in second.effects}
    close(first, Analysis(effects=[by_name[name] for name in names], maximize=True, confidence=0.95))


@given(tables, st.floats(-5, 5))
def test_what_a_repeat_does_to_all_arms_cancels(table: Any, shift: float) -> None:
    moved = table.copy()
    moved[0] += shift
    names = names_of(table.shape[1] - 1)
    close(contrasts(cells_of(table), names, maximize=True), contrasts(cells_of(moved), names, maximize=True))


@given(tables, gaps, st.sampled_from([0.8, 0.95, 0.99]))
def test_p_interval_and_conclusion_never_contradict(table: Any, missing: set[int], confidence: float) -> None:
    names = names_of(table.shape[1] - 1)
    table = table + np.arange(table.shape[1])
    found = contrasts(with_gaps(table, missing), names, maximize=True, confidence=confidence)
    # what the tests of failures may have used is missing to the intervals
    error = 1 - confidence - found.spent
    for effect in found.effects:
        if effect.p is None or effect.low is None or effect.high is None:
            continue
        excludes = effect.low > 0 or effect.high < 0
        assert excludes == (effect.conclusion in (Conclusion.HELPS, Conclusion.HURTS))
        if abs(effect.p - error) > 1e-6:
            assert excludes == (effect.p < error)
        assert effect.chances is None or 0 <= effect.chances.at_twice <= effect.chances.at_four_times + 0.5 <= 1.5


@given(tables, st.sets(st.integers(0, 40), max_size=30), wholes, st.sampled_from([0, 5]))
def test_however_many_cells_are_missing_there_is_an_answer(
    table: Any, missing: set[int], whole: int, digits: int
) -> None:
    """Numpy's warnings are errors here; rounded values are often equal."""
    names = named(table, whole)
    cells = [cell for place, cell in enumerate(with_gaps(table.round(digits), missing, whole)) if place % 7 != 3]
    for found in (contrasts(cells, names, maximize=True, smallest=0.5), race_contrasts(cells, names, maximize=True)):
        for effect in found.effects:
            assert (effect.low is None) == (effect.high is None)
            assert effect.low is None or effect.low <= (effect.difference or 0) <= (effect.high or 0)
