from __future__ import annotations

from trimma.effects import Cell
from trimma.effects.observations import observe


def test_observe_sorts_out_what_has_no_value() -> None:
    cells = [
        Cell(arm=("b", "a"), repeat=0, value=1.0),
        Cell(arm=("a", "b"), repeat=1, value=None),
        Cell(arm=("a", "b"), repeat=2, value=float("nan")),
        Cell(arm=("a", "b"), repeat=3, value=float("-inf")),
        Cell(arm=("a", "b"), repeat=4, value=3.0, censored=True),
        Cell(arm=("a", "b"), repeat=5, value=None, censored=True),
    ]
    seen = observe(cells, [frozenset()])
    assert seen.arms == (frozenset(), frozenset({"a", "b"}))
    assert seen.value.tolist() == [1.0]
    assert (seen.failed, seen.censored) == ((0, 3), (0, 2))
