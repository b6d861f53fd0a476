"""Which arms are run: every design keeps the contract."""

from typing import Any

import numpy as np
import pytest

from trimma.ablation.analyses.by_path import path_order
from trimma.ablation.designs import (
    AblationPath,
    Factorial,
    LeaveOneGroupOut,
    LeaveOneOut,
    OneIn,
    Pairwise,
    Screening,
    Shapley,
)
from trimma.ablation.measured import cells
from trimma.ablation.protocols import Asked, Design
from trimma.ablation.question import Ablation, Component, question
from trimma.effects import Cell
from trimma.errors import UsageError
from trimma.testing import DesignContract
from trimma.testing.ablations import asked, run_ablation


class TestLeaveOneOutOfSeveral(DesignContract):
    def make(self) -> Design:
        return LeaveOneOut(baselines=3)


class TestLeaveOneOut(DesignContract):
    def make(self) -> Design:
        return LeaveOneOut()


class TestOneIn(DesignContract):
    def make(self) -> Design:
        return OneIn()


class TestPairwise(DesignContract):
    def make(self) -> Design:
        return Pairwise()


class TestFactorial(DesignContract):
    def make(self) -> Design:
        return Factorial()


class TestFraction(DesignContract):
    def make(self) -> Design:
        return Factorial(resolution=3)


class TestScreening(DesignContract):
    def make(self) -> Design:
        return Screening()


class TestPath(DesignContract):
    def make(self) -> Design:
        return AblationPath()


class TestPathWithoutRace(DesignContract):
    def make(self) -> Design:
        return AblationPath(race=False)


class TestShapley(DesignContract):
    def make(self) -> Design:
        return Shapley()


def component(name: str, *members: str) -> Component:
    return Component(name=name, kind="columns", members=members)


def test_a_path_puts_the_best_in_first() -> None:
    history = run_ablation(AblationPath(), 4).history
    assert path_order(question(history.spec), cells(history), maximize=True) == ["a", "b", "c", "d"]


WORTH = {"a": 3.0, "b": 1.0, "c": 0.5, "d": 0.0}


def path_cells(repeats: int, failing: dict[tuple[str, ...], set[int]]) -> list[Cell]:
    """The cells of a path of four components until nothing is left to do; arms fail in the repeats that are named."""
    parts = [component(name, name) for name in WORTH]
    question = Asked(seed=1, repeats=repeats, maximize=True)
    design, seen = AblationPath(race=False), list[Cell]()
    rng = np.random.default_rng(3)
    while True:
        ended = {(cell.arm, cell.repeat) for cell in seen}
        new = [
            Cell(
                arm=arm,
                repeat=repeat,
                value=None
                if repeat in failing.get(arm, ())
                else sum(WORTH[name] for name in WORTH if name not in arm) + repeat + 0.1 * rng.standard_normal(),
            )
            for repeat in range(repeats)
            for arm in design.arms(parts, repeat, seen, question)
            if (arm, repeat) not in ended
        ]
        if not new:
            return seen
        seen += new


def order_of(cells: list[Cell], repeats: int) -> list[str]:
    settings: dict[str, Any] = {"whole": "", "design": "", "analysis": "path", "reference": tuple(WORTH)}
    parts = tuple(component(name, name) for name in WORTH)
    return path_order(Ablation(components=parts, repeats=repeats, **settings), cells, maximize=True)


@pytest.mark.parametrize("arm", [("b", "c", "d"), ("c", "d"), ("d",)])
@pytest.mark.parametrize("repeat", [0, 4])
def test_one_failure_on_the_way_does_not_turn_a_path(arm: tuple[str, ...], repeat: int) -> None:
    assert order_of(path_cells(5, {arm: {repeat}}), 5) == ["a", "b", "c", "d"]


def test_what_fails_mostly_is_not_put_in() -> None:
    assert order_of(path_cells(4, {("b", "c", "d"): {0, 1}}), 4)[0] == "b"
    assert order_of(path_cells(4, {("d",): {0, 1, 2, 3}, ("c",): {0}}), 4) == ["a", "b", "d", "c"]


def test_a_path_ends_where_everything_fails() -> None:
    failing = {arm: {0, 1, 2} for arm in (("b", "c", "d"), ("a", "c", "d"), ("a", "b", "d"), ("a", "b", "c"))}
    assert order_of(path_cells(3, failing), 3) == []


def test_a_race_on_the_way_drops_only_what_is_settled() -> None:
    """Close contenders stay to the end, although they won't be told from the best: one of them may be the best."""
    parts = [component(name, name) for name in "abcdef"]
    names = tuple("abcdef")
    question = Asked(seed=1, repeats=12, maximize=True)
    right, kept = 0, []
    for seed in range(40):
        noise = np.random.default_rng([4, seed]).standard_normal((12, 6))
        design, seen = AblationPath(), list[Cell]()
        for repeat in range(12):
            arms = [arm for arm in design.arms(parts, repeat, seen, question) if len(arm) == 5]
            for arm in arms:
                place = next(index for index, name in enumerate(names) if name not in arm)
                value = (1.5, 0.75, 0, 0, 0, -6)[place] + noise[repeat, place]
                seen.append(Cell(arm=arm, repeat=repeat, value=float(value)))
        kept.append({arm for arm in arms if arm != names})
        right += order_of_step(design, parts, seen, question) == "a"
    assert right >= 38
    assert not any(tuple("abcde") in arms for arms in kept)
    assert np.mean([tuple("acdef") in arms for arms in kept]) > 0.7


def order_of_step(design: AblationPath, parts: list[Component], seen: list[Cell], question: Asked) -> str:
    """The component that the first step puts in: the one that all arms of the second step have."""
    later = [set(arm) for arm in design.arms(parts, 0, seen, question) if len(arm) == 4]
    return next(part.name for part in parts if all(part.name not in arm for arm in later))


def test_what_overlaps_is_not_left_out_together() -> None:
    shared = (
        Component(name="x", kind="columns", members=("x",)),
        Component(name="x+y", kind="columns", members=("x", "y")),
    )
    assert len(LeaveOneOut().arms(shared, 0, (), asked())) == 3
    for design in (OneIn(), Pairwise(), Factorial(), Screening(), AblationPath(), Shapley()):
        with pytest.raises(UsageError, match=r"'x' and 'x\+y' overlap \(all have 'x'\)"):
            design.arms(shared, 0, (), asked())


def test_groups_alone() -> None:
    shared = (
        Component(name="x", kind="columns", members=("x",)),
        Component(name="g", kind="columns", members=("y", "z")),
    )
    assert LeaveOneGroupOut().arms(shared, 0, (), asked()) == [(), ("g",)]
    with pytest.raises(UsageError, match="no group to leave out"):
        LeaveOneGroupOut().arms(shared[:1], 0, (), asked())


@pytest.mark.parametrize("baselines", [0, -1, 2.0, True, "auto"])
def test_at_least_one_baseline(baselines: Any) -> None:
    for design in (LeaveOneOut, LeaveOneGroupOut):
        with pytest.raises(UsageError, match="whole number from 1 on"):
            design(baselines=baselines)


def test_groups_from_several_baselines() -> None:
    shared = (component("x", "x"), component("g", "y", "z"))
    assert LeaveOneGroupOut(baselines=2).arms(shared, 0, (), asked()) == [(), (), ("g",)]
    assert LeaveOneGroupOut(baselines=2).trainings(shared, 5) == 15


@pytest.mark.parametrize("count", [3, 5, 7, 11, 12, 20])
def test_screening_is_balanced(count: int) -> None:
    components = tuple(component(f"c{place}", f"c{place}") for place in range(count))
    arms = Screening().arms(components, 0, (), asked())
    assert arms[0] == ()
    table = np.array([[1 if each.name in arm else -1 for each in components] for arm in arms])
    gram = table.T @ table
    assert (gram == np.diag([len(arms)] * count)).all()
    assert len(arms) <= 2 * (count + 5)
