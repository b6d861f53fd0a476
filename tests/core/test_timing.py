"""Whole studies on virtual time: what deadlines, stragglers and hung trials do."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimma.engines import Simulated
from trimma.events import KillRequested, Outcome, StudyClosed, StudyCreated, StudyExtended, StudyOpened
from trimma.ledger import Ledger
from trimma.requests import EndStudy
from trimma.schedule import Asha, RunAll
from trimma.search import RandomSearch
from trimma.space import Choice, Float, Space
from trimma.spec import Metric, StudySpec
from trimma.stopping import Target, Timeout, TrialCount
from trimma.testing import run_study
from trimma.trial import State

SPACE = Space(level=Float(0.0, 1.0), hangs=Choice(True, False))


def falling(params: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    for step in range(1, 11):
        yield {"score": params["level"] + 1 / step}


def hangs(config: Mapping[str, Any], step: int) -> float:
    return math.inf if config["hangs"] and step > 3 else 1.0


def test_hung_trials_time_out_and_the_others_do_not() -> None:
    study = run_study(
        RandomSearch(), space=SPACE, objective=falling, engine=Simulated(3, seconds=hangs), trial_timeout=50.0
    )
    for trial in study.history.trials:
        assert trial.state is (State.FAILED if trial.config["hangs"] else State.DONE)
        if trial.failure:
            assert trial.failure.kind == "Timeout"
            assert trial.spans[-1].end == trial.spans[-1].start + 50.0  # type: ignore[operator]


def test_a_timeout_ends_a_study_of_hung_trials() -> None:
    study = run_study(
        RandomSearch(), space=SPACE, objective=falling, engine=Simulated(3, seconds=hangs), until=Timeout(20.0)
    )
    closed = study.history.closed
    assert closed
    assert closed.outcome is Outcome.FINISHED
    assert closed.at == 20.0 + 10.0, "the grace of the stop, then the kill"
    assert any(isinstance(event, KillRequested) for event in study.events)


@settings(max_examples=60)
@given(seconds=st.floats(0.01, 60), step=st.floats(0.01, 3), workers=st.integers(1, 4), start=st.floats(0, 2e9))
def test_a_timeout_ends_at_its_moment_whatever_the_rounding(
    seconds: float, step: float, workers: int, start: float
) -> None:
    engine = Simulated(workers, seconds=step)
    engine.clock.advance_to(start)
    study = run_study(
        RandomSearch(), objective=falling, space=SPACE, engine=engine, trials=None, until=Timeout(seconds)
    )
    closed = study.history.closed
    assert closed
    assert closed.at <= start + seconds + step * 1.01 + 1e-5


def test_a_timeout_counts_over_sessions() -> None:
    moments = iter(range(10_000))
    first = run_study(
        RandomSearch(),
        until=Timeout(30.0),
        trials=None,
        requests=lambda: [EndStudy()] if next(moments) > 20 else [],
        engine=Simulated(2),
    )
    spent = first.history.active_seconds(0.0)
    assert 0 < spent < 30
    second = run_study(RandomSearch(), until=Timeout(30.0), trials=None, store=first.store, engine=Simulated(2))
    assert second.history.active_seconds(0.0) == pytest.approx(31.0, abs=1.0)


def test_a_target_ends_the_study_at_once() -> None:
    study = run_study(
        RandomSearch(),
        space=SPACE,
        objective=falling,
        trials=1000,
        until=Target(0.5),
        engine=Simulated(4, straggle=0.5),
    )
    assert study.history.best_reached <= 0.5  # type: ignore[operator]
    assert study.history.trial_count < 30
    assert study.history.counts[State.STOPPED] >= 1


@pytest.mark.parametrize("workers", [1, 3, 16])
def test_a_count_is_exact(workers: int) -> None:
    study = run_study(RandomSearch(), trials=None, until=TrialCount(7), engine=Simulated(workers))
    assert study.history.trial_count == len(study.history.ended) == 7


def test_one_worker_gives_a_thousand_candidates_their_first_rung() -> None:
    study = run_study(RandomSearch(), Asha(max_steps=9), trials=1000, engine=Simulated(1))
    assert study.history.trial_count == 1000
    assert all(len(trial.curve) >= 1 for trial in study.history.trials)


def test_many_unreliable_workers() -> None:
    engine = Simulated(60, straggle=0.8, crash=0.02, start_up=0.3, restart=5.0)
    study = run_study(RandomSearch(), Asha(max_steps=10), trials=800, engine=engine, max_attempts=100)
    counts = study.history.counts
    assert counts[State.DONE] + counts[State.STOPPED] == 800


def test_workers_that_never_come_back_are_not_waited_for_longer_than_asked() -> None:
    study = run_study(
        RandomSearch(),
        RunAll(),
        objective=falling,
        space=SPACE,
        trials=None,
        until=Timeout(40.0),
        engine=Simulated(2, crash=0.5, restart=1e9),
    )
    assert study.history.closed.at == 40.0  # type: ignore[union-attr]


def test_what_lies_between_two_sessions_is_no_time_of_a_study_that_is_extended() -> None:
    ledger = Ledger()
    metrics = (Metric(name="m", maximize=True),)
    for event in (
        StudyCreated(at=0.0, spec=StudySpec(name="s", metrics=metrics, seed=0)),
        StudyOpened(at=0.0),
        StudyClosed(at=5.0, outcome=Outcome.FINISHED, reason="done"),
        StudyExtended(at=100.0, asked={}),
        StudyOpened(at=100.0),
    ):
        ledger.fold(event)
    assert ledger.history.active_seconds(101.0) == 6.0
