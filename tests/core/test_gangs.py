"""Trials that run on several workers at a time: all of them or none, whatever dies."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma.commands import Send, Signal, Start
from trimma.core import Policy, step
from trimma.engines import Driver, Local, Simulated
from trimma.errors import EngineError, IllegalMove
from trimma.events import (
    Reported,
    StudyCreated,
    StudyOpened,
    TrialFailed,
    TrialFinished,
    TrialQueued,
    TrialStarted,
    TrialStopped,
    WorkerJoined,
)
from trimma.facts import Joined, Left, Measured, Returned
from trimma.ledger import Ledger
from trimma.loop import replay
from trimma.ports import CONTINUE, History, Suggestion, Verdict
from trimma.schedule import MedianRule, RunAll
from trimma.search import RandomSearch
from trimma.spec import Metric, StudySpec
from trimma.testing import cut, run_study
from trimma.testing.searchers import rough
from trimma.testing.studies import StudyRun
from trimma.trial import ENDED, State, Trial
from trimma.views import attempts, busy

RANKS = (1, 3, 2, 1, 4)


class Ranked:
    """Random search over trials of different sizes."""

    def bind(self, space: Any, seed: int, trials: int | None) -> "Ranked":
        self.searcher = RandomSearch().bind(space, seed, trials)
        return self

    def suggest(self, history: History, free: int, rng: Any) -> list[Suggestion]:
        found = self.searcher.suggest(history, free, rng)
        ranks = RANKS[history.trial_count % len(RANKS)]
        return [Suggestion(config=each.config, ranks=ranks) for each in found[:1]]


def study(seed: int = 0, crash: float = 0.02, **more: Any) -> StudyRun:
    engine = Simulated(5, straggle=0.5, crash=crash, start_up=0.3, seed=seed)
    settings = {"engine": engine, "objective": rough, "trials": 12, "max_attempts": 20}
    return run_study(Ranked(), MedianRule(min_trials=3), **(settings | more))  # type: ignore[arg-type]


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.02, 0.1]))
def test_all_or_nothing(seed: int, crash: float) -> None:
    """Each attempt has all its workers, no worker has two attempts, and each trial ends once."""
    done = study(seed, crash)
    ledger = Ledger()
    for event in done.events:
        ledger.fold(event)
        history = ledger.history
        taken = [worker for trial in history.on_workers() for worker in trial.workers]
        assert len(taken) == len(set(taken))
        assert not set(taken) & set(history.idle)
        assert all(len(trial.workers) == trial.ranks for trial in history.on_workers())
        assert history.wanted == sum(
            trial.ranks for trial in history.trials if trial.state not in (*ENDED, State.PAUSED)
        )
    ends = Counter(
        event.trial for event in done.events if isinstance(event, TrialFinished | TrialStopped | TrialFailed)
    )
    assert ends == dict.fromkeys(range(12), 1)
    assert [trial.ranks for trial in done.history.trials] == [RANKS[number % len(RANKS)] for number in range(12)]


def test_a_gang_can_be_resumed_from_every_prefix() -> None:
    whole = study().events
    for length in range(1, len(whole) + 1, 3):
        store = cut(whole, length)
        history = study(length, store=store).history
        assert sorted(history.ended) == list(range(12))
        assert replay(store, "study").history.closed is not None


def test_the_same_seed_gives_the_same_log() -> None:
    assert study(crash=0.05).records == study(crash=0.05).records


def test_later_trials_do_not_overtake_a_gang_that_waits() -> None:
    """Else singles would keep the workers busy for ever that a gang of four waits for."""
    started = [event for event in study(crash=0.0).events if isinstance(event, TrialStarted)]
    assert [event.trial for event in started] == list(range(12))


SPEC = StudySpec(name="s", metrics=(Metric(name="m", maximize=True),), seed=0)


class Pair:
    """One trial of two ranks."""

    def plan(self, history: History, free: int, rng: Any) -> list[Suggestion]:
        return [] if history.trial_count else [Suggestion(config={"a": 1}, ranks=2, rungs=(1,))]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        return CONTINUE


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.fold(StudyCreated(at=0.0, spec=SPEC))
    ledger.fold(StudyOpened(at=0.0))
    return ledger


def test_a_worker_that_dies_ends_the_attempt_on_all(ledger: Ledger) -> None:
    assert not step(ledger, Policy(Pair()), [Joined(worker="a", host="one")], 1.0).commands
    started = step(ledger, Policy(Pair()), [Joined(worker="b", host="two")], 2.0)
    (command,) = started.commands
    assert isinstance(command, Start)
    assert command.job.workers == ("a", "b")
    history = ledger.history
    assert [stay.host for stay in history.stays] == ["one", "two"]
    lost = step(ledger, Policy(Pair()), [Left(worker="b", cause="killed")], 3.0)
    assert lost.commands == [Send(trial=0, attempt=1, signal=Signal.KILL)]
    assert (history.trials[0].state, history.trials[0].crashes) == (State.QUEUED, 1)
    assert not history.idle, "the other is being killed"
    assert not step(ledger, Policy(Pair()), [Joined(worker="b")], 4.0).commands
    again = step(ledger, Policy(Pair()), [Left(worker="a", cause="killed"), Joined(worker="a")], 5.0)
    assert [command.job.attempt for command in again.commands if isinstance(command, Start)] == [2]
    assert history.trials[0].crashes == 1


def test_rank_0_speaks_for_the_trial(ledger: Ledger) -> None:
    step(ledger, Policy(Pair()), [Joined(worker="a"), Joined(worker="b")], 1.0)
    key = {"trial": 0, "attempt": 1}
    told = [
        Measured(step=1, metrics={"m": 9.0}, rank=1, **key),  # type: ignore[arg-type]
        Measured(step=1, metrics={"m": 1.0}, **key),  # type: ignore[arg-type]
    ]
    turn = step(ledger, Policy(Pair()), told, 2.0)
    assert [(event.rank, event.metrics["m"]) for event in turn.events if isinstance(event, Reported)] == [
        (1, 9.0),
        (0, 1.0),
    ]
    assert turn.commands == [Send(trial=0, attempt=1, signal=Signal.CONTINUE)]
    trial = ledger.history.trials[0]
    assert list(trial.curve.series("m").values) == [1.0]
    step(ledger, Policy(Pair()), [Returned(metrics={"m": 2.0}, rank=1, **key)], 3.0)  # type: ignore[arg-type]
    assert (trial.state, trial.value) == (State.DONE, 2.0)
    assert [(row.worker, row.end - row.start) for row in attempts(ledger.history)] == [("a", 2.0), ("b", 2.0)]
    assert busy(ledger.history).busy == 4.0


@pytest.mark.parametrize("workers", [(), ("a",), ("a", "a"), ("a", "b", "c"), ("a", "elsewhere")])
def test_a_start_on_the_wrong_workers_is_illegal(ledger: Ledger, workers: tuple[str, ...]) -> None:
    for worker in "abc":
        ledger.fold(WorkerJoined(at=0.0, worker=worker))
    ledger.fold(TrialQueued(at=0.0, trial=0, config={}, ranks=2))
    before = list(ledger.history.idle)
    with pytest.raises(IllegalMove, match=r"has 2 ranks|isn't idle"):
        ledger.fold(TrialStarted(at=0.0, trial=0, attempt=1, workers=workers))
    assert list(ledger.history.idle) == before


def test_an_engine_that_has_no_gangs_says_so() -> None:
    with pytest.raises(EngineError, match=r"Local\(workers=3, cpus=1\) can't run trials of several ranks: 3"):
        run_study(Ranked(), RunAll(), objective=lambda params: 1.0, engine=Local(workers=3), trials=3)


def test_an_engine_without_gangs_does_not_wait_for_more_workers_than_it_has() -> None:
    class Wide:
        def bind(self, space: Any, seed: int, trials: int | None) -> "Wide":
            return self

        def suggest(self, history: History, free: int, rng: Any) -> list[Suggestion]:
            return [Suggestion(config={}, ranks=9)]

    with pytest.raises(EngineError, match=r"Driver\(threads=2\) can't run trials of several ranks: 9"):
        run_study(Wide(), RunAll(), objective=lambda params: 1.0, engine=Driver(2), trials=3)  # type: ignore[arg-type]


def test_a_gang_that_can_never_start_is_not_waited_for_in_silence() -> None:
    with pytest.raises(EngineError, match="nothing will ever happen"):
        run_study(Ranked(), RunAll(), engine=Simulated(2), trials=12)


@pytest.mark.parametrize("ranks", [0, -1])
def test_a_trial_has_a_rank_at_least(ledger: Ledger, ranks: int) -> None:
    with pytest.raises(IllegalMove, match=f"has {ranks} ranks"):
        ledger.fold(TrialQueued(at=0.0, trial=0, config={}, ranks=ranks))
