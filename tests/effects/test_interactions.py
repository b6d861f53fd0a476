from __future__ import annotations

import pytest

from effect_tables import conclusions, differences, measured
from trimma.effects import Cell, Conclusion, interactions


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
