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
from trimma.ablation.protocols import Design
from trimma.ablation.question import Component, question
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
