from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from effect_tables import ABC, cells_of, conclusions, differences, measured, names_of, subsets
from trimma.ablation.designs import Factorial
from trimma.ablation.question import Component
from trimma.effects import Cell, Conclusion, main_effects
from trimma.testing.ablations import asked


def screening(count: int) -> list[tuple[str, ...]]:
    """A Hadamard design of twelve or sixteen arms, and its fold-over."""
    signs = np.array(linalg.hadamard(16))[:, 1 : count + 1] < 0
    return [
        tuple(name for name, out in zip(names_of(count), row, strict=True) if out)
        for row in np.concatenate([signs, ~signs])
    ]


def test_main_effects_average_over_the_others() -> None:
    found = main_effects(measured(subsets(ABC), 3), ABC, maximize=True)
    # without a: -3, and -2 more in the half of the arms that are without b
    assert differences(found) == pytest.approx([-4, -2, 0], abs=0.02)
    assert conclusions(found) == ["helps", "helps", "undecided"]
    assert [effect.letters for effect in found.effects] == ["a", "b", "c"]
    assert found.freedom == 7 * 2
    assert any("averaged" in note for note in found.notes)


def test_main_effects_are_least_squares_where_cells_are_missing() -> None:
    cells = measured(subsets(ABC), 2, sd=1.0)
    kept = [*cells[:3], *cells[4:]]
    found = main_effects(kept, ABC, maximize=True)
    assert None not in differences(found)
    design = np.array([[1.0, *(name in arm for name in ABC)] for arm in subsets(ABC)])
    full = main_effects(cells, ABC, maximize=True)
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
    found = main_effects(measured(subsets(ABC), 1), ABC, maximize=True)
    assert found.freedom == 4
    assert found.effects[0].low is not None
    assert any("interactions among it" in note for note in found.notes)


def test_it_is_said_when_interactions_may_have_moved_main_effects() -> None:
    notes = main_effects(measured(subsets(ABC), 3), ABC, maximize=True).notes
    assert any("Components interact (lack of fit, F p = " in note for note in notes)


def test_components_that_do_not_interact_are_seldom_said_to() -> None:
    said = []
    for seed in range(300):
        rng = np.random.default_rng([70, seed])
        truth = np.array([-2.0 * ("a" in arm) for arm in subsets(ABC)])
        table = truth + rng.standard_normal((3, 1)) + rng.standard_normal((3, len(truth)))
        notes = main_effects(cells_of(table, subsets(ABC)), ABC, maximize=True).notes
        said.append(any("interact (" in note for note in notes))
    assert 0.01 < np.mean(said) < 0.09


def test_aliases_are_said() -> None:
    arms = [(), ("a", "b"), ("c",), ("a", "b", "c")]
    found = main_effects(measured(arms, 2), ABC, maximize=True)
    assert differences(found) == [None, None, pytest.approx(0, abs=0.1)]
    assert any("a, b from other components" in note for note in found.notes)


def test_other_arms_are_left_aside() -> None:
    cells = measured(subsets(ABC), 2)
    assert differences(main_effects(cells, ["a", "b"], maximize=True)) == pytest.approx([-4, -2], abs=0.05)


def failing_without(name: str, cells: list[Cell]) -> list[Cell]:
    return [Cell(arm=cell.arm, repeat=cell.repeat, value=None if name in cell.arm else cell.value) for cell in cells]


def test_what_nothing_trains_without_helps_in_a_factorial_design() -> None:
    found = main_effects(failing_without("c", measured(subsets(ABC), 5)), ABC, maximize=True)
    assert [(effect.conclusion, effect.failures) for effect in found.effects] == [
        (Conclusion.HELPS, 10),
        (Conclusion.HELPS, 10),
        (Conclusion.HELPS, 20),
    ]
    assert differences(found) == [pytest.approx(-4, abs=0.1), pytest.approx(-2, abs=0.1), None]
    assert [effect.letters for effect in found.effects] == ["a", "b", ""]
    assert any("without c fail more often: 20 of 20 failed, and 0 of 20" in note for note in found.notes)
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
    cells = [Cell(arm=cell.arm, repeat=cell.repeat, value=None) for cell in measured(subsets(ABC), 2)]
    assert conclusions(main_effects(cells, ABC, maximize=True)) == ["undecided"] * 3


def test_main_effects_of_a_design_with_an_arm_that_failed_are_said_to_be_unclear() -> None:
    whole = measured(subsets(ABC), 3)
    assert not any("gave no value" in note for note in main_effects(whole, ABC, maximize=True).notes)
    broken = [
        Cell(arm=cell.arm, repeat=cell.repeat, value=None if len(cell.arm) == 3 else cell.value) for cell in whole
    ]
    notes = main_effects(broken, ABC, maximize=True).notes
    said = "1 of 8 arms gave no value (one leaves out all of them): main effects are not clear"
    assert any(note.startswith(said) for note in notes)
