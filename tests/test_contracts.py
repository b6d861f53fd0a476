"""Every plug-in of ours passes its public contract suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from trimma.ablation.analyses import AnalysisPlan
from trimma.ablation.arms import BASELINE, Arm
from trimma.ablation.findings import findings
from trimma.ablation.protocols import Asked, Design
from trimma.ablation.question import Ablation, Component
from trimma.display.ablation_findings_words import change_words
from trimma.effects import Analysis, Cell, Effect
from trimma.engines import Driver, Local, Simulated
from trimma.ports import BindsSearcher, BindsSpace, Engine, Store
from trimma.schedule import Asha, MedianRule, RunAll
from trimma.search import GridSearch, QuasiRandomSearch, RandomSearch
from trimma.stores import MemoryStore, SQLiteStore
from trimma.testing import (
    DesignContract,
    EngineContract,
    InboxContract,
    ProcessEngineContract,
    SchedulerContract,
    SearcherContract,
    StoreContract,
    run_ablation,
)


def medians(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """What is in the middle of the differences of all repeats."""
    effects = []
    for name in asked.names:
        changes = [
            cell.value - whole.value
            for cell in cells
            for whole in cells
            if (cell.arm, whole.arm) == ((name,), ()) and cell.repeat == whole.repeat
            if cell.value is not None and whole.value is not None
        ]
        effects.append(Effect(name=name, difference=median(changes) if changes else None, repeats=len(changes)))
    return Analysis(effects=effects, maximize=maximize, confidence=asked.confidence, method="medians")


MEDIANS = AnalysisPlan(name=f"{__name__}:MEDIANS", estimate=medians, words=", in the middle of all repeats")


@dataclass(frozen=True)
class MedianOut:
    """Leave one out, told by medians."""

    analysis = MEDIANS

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        return [BASELINE, *((component.name,) for component in components)]

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        return repeats * (1 + len(components))


class TestDesignWithAnAnalysisOfItsOwn(DesignContract):
    def make(self) -> Design:
        return MedianOut()

    def test_its_words_and_figures_are_shown(self) -> None:
        found = findings(run_ablation(self.make(), 3).history)
        assert change_words(found) == "change in score when left out, in the middle of all repeats"
        assert [row.component for row in found.ordered] == ["a", "b", "c", "d"]
        assert found.rows[0].difference == pytest.approx(-3, abs=0.4)


class TestMemoryStore(StoreContract):
    def make(self, folder: Path) -> Store:
        return MemoryStore()


class TestSQLiteStore(StoreContract):
    def make(self, folder: Path) -> Store:
        return SQLiteStore(folder / "new" / "studies.db")


class TestMemoryInbox(InboxContract):
    def make(self, folder: Path) -> Store:
        return MemoryStore()


class TestSQLiteInbox(InboxContract):
    def make(self, folder: Path) -> Store:
        return SQLiteStore(folder / "studies.db")


class TestRandomSearch(SearcherContract):
    def make(self) -> BindsSpace:
        return RandomSearch()


class TestSobol(SearcherContract):
    def make(self) -> BindsSpace:
        return QuasiRandomSearch()


class TestHalton(SearcherContract):
    def make(self) -> BindsSpace:
        return QuasiRandomSearch("halton")


class TestGridSearch(SearcherContract):
    def make(self) -> BindsSpace:
        return GridSearch(points=4)


class TestGridOfPoints(TestGridSearch):
    trials = 12

    def make(self) -> BindsSpace:
        return GridSearch(points=9)


class TestRunAll(SchedulerContract):
    def make(self) -> BindsSearcher:
        return RunAll()


class TestMedianRule(SchedulerContract):
    def make(self) -> BindsSearcher:
        return MedianRule(grace_steps=2, min_trials=3)


class TestAsha(SchedulerContract):
    def make(self) -> BindsSearcher:
        return Asha(max_steps=10)


class TestAshaByPromotion(SchedulerContract):
    def make(self) -> BindsSearcher:
        return Asha(max_steps=10, reduction_factor=2, promote=True)


class TestAshaOfHalves(SchedulerContract):
    def make(self) -> BindsSearcher:
        return Asha(max_steps=8, reduction_factor=1.5, grace_steps=2)


class TestSimulated(EngineContract):
    def make(self) -> Engine:
        return Simulated(2, seconds=0.05)


class TestDriver(EngineContract):
    def make(self) -> Engine:
        return Driver(2)


@pytest.mark.timeout(60)
class TestLocal(ProcessEngineContract):
    def make(self) -> Engine:
        return Local(2)
