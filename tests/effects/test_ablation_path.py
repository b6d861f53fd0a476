from __future__ import annotations

import pytest

from effect_tables import conclusions, differences, measured
from trimma.effects import path
from trimma.errors import UsageError


def test_path() -> None:
    arms = [(), ("b",), ("b", "a"), ("c", "a", "b")]
    found = path(measured(arms, 4), ["b", "a", "c"], maximize=True)
    assert differences(found) == pytest.approx([-1, -5, 0], abs=0.05)
    assert conclusions(found) == ["helps", "helps", "undecided"]
    assert [effect.letters for effect in found.effects] == ["b", "a", "c"]
    assert found.effects[0].probability == 1.0


def test_path_from_another_start() -> None:
    arms = [("a",), ("a", "b"), ("c", "a", "b")]
    assert differences(path(measured(arms, 3), ["b", "c"], maximize=True, start=["a"])) == pytest.approx(
        [-3, 0], abs=0.05
    )
    with pytest.raises(UsageError, match="leaves out b already"):
        path([], ["b"], maximize=True, start=["b"])
