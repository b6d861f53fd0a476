"""A study of very many trials: memory grows by so much for each trial and by nothing else, and time stays flat."""

from __future__ import annotations

import contextlib
import gc
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.events import Event
from trimma.ports import Engine, History, Observer
from trimma.trial import State

REPORTS = 5
PER_TRIAL = 4_000
"""Bytes of the driver's memory for each trial, with its config, five reports of two metrics, and its result."""


def objective(rate: float, width: int, report: Any) -> float:
    for step in range(REPORTS):
        report(score=rate * step, rows=1.0)
    return rate


class Watch:
    """Notes the driver's memory, and the time it has worked, at a quarter, half, three quarters and the end."""

    def __init__(self, trials: int) -> None:
        self.quarter = trials // 4
        self.memory: list[int] = []
        self.worked: list[float] = []

    @contextlib.contextmanager
    def view(self, engine: Engine) -> Iterator[Observer]:
        yield self.observe

    def observe(self, events: Sequence[Event], history: History, now: float) -> None:
        if len(history.ended) >= self.quarter * (len(self.memory) + 1):
            gc.collect()
            self.memory.append(tracemalloc.get_traced_memory()[0])
            self.worked.append(time.process_time())


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scheduler", ["run-all", "asha"])
@pytest.mark.parametrize("trials", [1_600, pytest.param(20_000, marks=pytest.mark.slow)])
def test_memory_and_time_for_each_trial(trials: int, scheduler: str, tmp_path: Path, traced: None) -> None:
    watch = Watch(trials)
    study = tm.tune(
        objective,
        tm.Space(rate=tm.Float(0.1, 1.0), width=tm.Int(1, 64)),
        maximize="score",
        trials=trials,
        searcher="random",
        scheduler=tm.Asha(max_steps=REPORTS) if scheduler == "asha" else scheduler,
        engine=tm.Simulated(workers=16),
        store=tmp_path / "s.db",
        progress=watch.view,
    )
    assert len(study.trials) == len(study.history.ended) == trials
    assert {trial.state for trial in study.trials} <= {State.DONE, State.STOPPED}
    assert len(watch.memory) == 4
    quarters = [after - before for before, after in pairwise(watch.memory)]
    assert max(quarters) < PER_TRIAL * watch.quarter
    assert max(quarters) < 1.5 * min(quarters)
    worked = [after - before for before, after in pairwise(watch.worked)]
    assert max(worked) < 1.6 * min(worked)
