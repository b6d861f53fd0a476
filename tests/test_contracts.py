"""Every plug-in of ours passes its public contract suite."""

from pathlib import Path

import pytest

from trimma.engines import Driver, Local, Simulated
from trimma.ports import BindsSearcher, BindsSpace, Engine, Store
from trimma.schedule import Asha, MedianRule, RunAll
from trimma.search import GridSearch, QuasiRandomSearch, RandomSearch
from trimma.stores import MemoryStore, SQLiteStore
from trimma.testing import (
    EngineContract,
    InboxContract,
    ProcessEngineContract,
    SchedulerContract,
    SearcherContract,
    StoreContract,
)


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
