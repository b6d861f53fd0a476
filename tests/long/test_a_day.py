"""A day of virtual time in which workers leave and join every minute, and trials hang."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.codec import encode
from trimma.events import (
    Reported,
    TrialFailed,
    TrialFinished,
    TrialLost,
    TrialPaused,
    TrialQueued,
    TrialStarted,
    TrialStopped,
    WorkerJoined,
    WorkerLost,
)
from trimma.facts import Joined, Left
from trimma.ports import Engine
from trimma.program import Program
from trimma.trial import State

DAY, MINUTE = 86_400.0, 60.0
WORKERS, STEPS = 8, 20
BYTES_OF_A_REPORT = 250


class Faulty:
    """A simulated engine of which a worker leaves each minute, and comes back after a while."""

    def __init__(self, seconds: float) -> None:
        self.engine = tm.Simulated(workers=WORKERS, seconds=_seconds_of_a_step, seed=1)
        self.capacity, self.clock, self.gangs, self.renew = WORKERS, self.engine.clock, True, self.engine.renew
        self.planning = self.engine.planning
        self.carry_out, self.poll = self.engine.carry_out, self.engine.poll
        self.tell, self.close = self.engine.tell, self.engine.close
        self._until = seconds
        self.faults = 0

    def open(self, program: Program) -> None:
        self.engine.open(program)
        dice = random.Random(1)
        back = [0.0] * WORKERS
        moment = MINUTE
        while moment < self._until:
            here = [slot for slot in range(WORKERS) if back[slot] < moment]
            if here:
                slot = dice.choice(here)
                away = dice.choice([0.5, 5.0, 50.0, 500.0])
                crashed = dice.random() < 0.2
                self.engine.tell(Left(worker=f"sim-{slot}", cause="a fault", crashed=crashed), moment)
                self.engine.tell(Joined(worker=f"sim-{slot}"), moment + away)
                back[slot] = moment + away
                self.faults += 1
            moment += MINUTE


def _seconds_of_a_step(config: Any, step: int) -> float:
    """Some trials hang for two hours."""
    return 7_200.0 if config["x"] > 0.99 and step == 3 else 5.0 + 10.0 * config["x"]


def objective(x: float, report: Any) -> None:
    for step in range(1, STEPS + 1):
        report(loss=x / step)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheduler", [tm.RunAll(), tm.Asha(max_steps=STEPS)], ids=["run-all", "asha"])
@pytest.mark.parametrize("hours", [3, pytest.param(24, marks=pytest.mark.slow)])
def test_a_day_of_faults(hours: int, scheduler: Any, tmp_path: Path) -> None:
    engine = Faulty(hours * 3600.0)
    faulty: Engine = engine
    study = tm.tune(
        objective,
        tm.Space(x=tm.Float(0.0, 1.0)),
        minimize="loss",
        timeout=hours * 3600.0,
        trial_timeout=3_600.0,
        max_attempts=20,
        searcher="random",
        scheduler=scheduler,
        engine=faulty,
        store=tmp_path / "s.db",
        seed=1,
        progress=False,
    )
    events = list(study.store.read(study.name))
    count = Counter(type(event) for event in events)
    assert engine.faults > 50 * hours
    assert count[WorkerLost] > 50 * hours

    # each trial ends exactly once
    ends = Counter(event.trial for event in events if isinstance(event, TrialFinished | TrialStopped | TrialFailed))
    assert ends == dict.fromkeys(range(count[TrialQueued]), 1)
    assert len(study.history.ended) == len(study.trials) == count[TrialQueued] > 50 * hours
    for trial in study.trials:
        assert list(trial.curve.steps) == list(range(1, len(trial.curve) + 1))
        if trial.state is State.DONE:
            assert len(trial.curve) == STEPS
        if trial.failure is not None:
            # a trial that hangs for an hour may lose ten workers before
            assert trial.failure.kind in ("Timeout", "WorkerLost")
            assert trial.config["x"] > 0.99

    # the log holds what was done and what went wrong, and nothing that grows by itself
    assert count[TrialLost] <= count[WorkerLost] <= count[WorkerJoined]
    assert count[TrialStarted] <= count[TrialQueued] + count[TrialLost] + count[TrialPaused]
    told = count[Reported] + 6 * count[TrialQueued] + 6 * count[TrialPaused] + 4 * count[WorkerLost]
    assert len(events) < told + 100
    assert sum(map(len, map(encode, events))) < BYTES_OF_A_REPORT * len(events)
