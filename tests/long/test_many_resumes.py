"""A study that is resumed over and over: to open it costs no more than to read its events."""

from __future__ import annotations

import statistics
import time
from itertools import pairwise
from pathlib import Path

import pytest

import trimma as tm
from trimma.events import (
    Event,
    Outcome,
    StudyClosed,
    StudyCreated,
    StudyOpened,
    TrialFinished,
    TrialQueued,
    TrialStarted,
    WorkerJoined,
)
from trimma.ledger import Ledger
from trimma.spec import Metric, StudySpec

SESSIONS = 2_000


def log(trials: int) -> list[Event]:
    """The log of a study whose first session ran some trials, and all the others nothing."""
    spec = StudySpec(name="s", metrics=(Metric(name="loss", maximize=False),), seed=0, trials=trials)
    events: list[Event] = [
        StudyCreated(at=0.0, spec=spec),
        StudyOpened(at=0.0, trials=trials, until=None),
        WorkerJoined(at=0.0, worker="w"),
    ]
    for trial in range(trials):
        events += [
            TrialQueued(at=0.0, trial=trial, config={"x": 0.5}),
            TrialStarted(at=0.0, trial=trial, attempt=1, workers=("w",)),
            TrialFinished(at=0.0, trial=trial, attempt=1, metrics={"loss": 0.5}),
        ]
    closed = StudyClosed(at=0.0, outcome=Outcome.INTERRUPTED, reason="ctrl-C")
    return [*events, closed, *(SESSIONS - 1) * [StudyOpened(at=0.0, trials=trials, until=None), closed]]


def seconds_of_sessions(trials: int) -> float:
    """How long it takes to take in all sessions but the first, at best of several times."""
    events = log(trials)
    first = len(events) - 2 * (SESSIONS - 1)
    taken = []
    for _ in range(5):
        ledger = Ledger()
        for event in events[:first]:
            ledger.fold(event)
        begin = time.perf_counter()
        for event in events[first:]:
            ledger.fold(event)
        taken.append(time.perf_counter() - begin)
    return min(taken)


def test_a_session_costs_the_same_however_many_trials_there_are() -> None:
    assert seconds_of_sessions(5_000) < 4 * seconds_of_sessions(5)


def objective(x: float) -> float:
    return x


@pytest.mark.timeout(600)
@pytest.mark.parametrize("resumes", [40, pytest.param(1_000, marks=pytest.mark.slow)])
def test_resumes_in_a_row(resumes: int, tmp_path: Path) -> None:
    """Each one runs one trial more, and adds as many events to the log as the one before."""
    path = tmp_path / "s.db"
    settings = {"progress": False, "name": "s", "store": path, "seed": 1}
    study = tm.tune(
        objective, tm.Space(x=tm.Float(0.0, 1.0)), minimize="loss", trials=1, engine=tm.Driver(threads=1), **settings
    )
    events, sizes, opened = [], [], []
    for number in range(resumes):
        begin = time.perf_counter()
        found = tm.load("s", store=path)
        assert len(found.trials) == number + 1
        opened.append(time.perf_counter() - begin)
        found.resume(trials=number + 2, engine=tm.Driver(threads=1), progress=False)
        events.append(sum(1 for _ in found.store.read("s")))
        sizes.append(path.stat().st_size)
    assert len(study.trials) == resumes + 1
    assert [str(trial.state) for trial in study.trials] == ["done"] * (resumes + 1)
    assert {after - before for before, after in pairwise(events)} == {6}
    assert len(study.history.sessions) == resumes + 1
    # to open the study is to read its log: so much for each event, and a little besides
    begin, end = statistics.median(opened[: resumes // 10]), statistics.median(opened[-resumes // 10 :])
    assert end < 10 * begin + 50e-6 * events[-1]
