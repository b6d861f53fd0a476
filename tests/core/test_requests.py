"""What people ask of a running study becomes facts, whose effects are in the log."""

import itertools
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator

from trimma.core import Policy, step
from trimma.engines import Simulated
from trimma.events import LimitsChanged, Outcome, PauseRequested, StopRequested, TrialResumed, TrialStarted
from trimma.facts import Paused
from trimma.ledger import Ledger
from trimma.loop import replay
from trimma.ports import History, Suggestion
from trimma.requests import (
    ChangeTrials,
    ChangeWorkers,
    ContinueTrial,
    EndStudy,
    EndTrial,
    PauseTrial,
    Request,
)
from trimma.schedule import RunAll
from trimma.search import RandomSearch
from trimma.testing import run_study
from trimma.testing.studies import StudyRun
from trimma.trial import ENDED, State


def at_turns(**asked: Sequence[Request]) -> Callable[[], Sequence[Request]]:
    """Requests that come in the turns of these numbers, as in ``t3=[...]``."""
    turns = iter(range(1_000_000))
    return lambda: asked.get(f"t{next(turns)}", ())


def study(trials: int | None = 6, workers: int = 2, **asked: Sequence[Request]) -> StudyRun:
    return run_study(RandomSearch(), trials=trials, engine=Simulated(workers), requests=at_turns(**asked))


def test_a_trial_is_stopped() -> None:
    done = study(t5=[EndTrial(trial=1)])
    (asked,) = [event for event in done.events if isinstance(event, StopRequested)]
    assert (asked.trial, asked.reason) == (1, "somebody asked it to stop")
    assert done.history.trials[1].state is State.STOPPED
    assert [trial.state for trial in done.history.trials if trial.id != 1] == [State.DONE] * 5


def test_a_paused_trial_goes_on_from_its_checkpoint_when_that_is_asked_for() -> None:
    done = study(t5=[PauseTrial(trial=0)], t20=[ContinueTrial(trial=0)])
    kinds = [type(event) for event in done.events if getattr(event, "trial", None) == 0]
    assert PauseRequested in kinds
    assert TrialResumed in kinds
    trial = done.history.trials[0]
    assert (trial.state, trial.attempt, trial.lost_steps) == (State.DONE, 2, 0)
    assert list(trial.curve.steps) == list(range(1, 11))
    # its worker was given to another in the meantime
    starts = [event.trial for event in done.events if isinstance(event, TrialStarted)]
    assert starts.index(2) < len(starts) - 1 - starts[::-1].index(0)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_trial_that_makes_room_can_still_be_stopped(after: int) -> None:
    done = study(t5=[PauseTrial(trial=0)], **{f"t{5 + after}": [EndTrial(trial=0)]})
    trial = done.history.trials[0]
    assert (trial.state, trial.attempt, trial.reason) == (State.STOPPED, 1, "somebody asked it to stop")
    assert [trial.state for trial in done.history.trials[1:]] == [State.DONE] * 5


def test_one_that_had_made_room_when_it_was_asked_to_stop_is_stopped() -> None:
    """The two cross on their way."""
    now = itertools.count(10.0).__next__
    done = study(t5=[PauseTrial(trial=0)])
    events = done.events
    place = next(place for place, event in enumerate(events) if isinstance(event, PauseRequested))
    ledger = Ledger()
    for event in events[: place + 1]:
        ledger.fold(event)
    policy = Policy.of(RunAll().bind(Nothing()), Nothing())
    step(ledger, policy, [EndTrial(trial=0)], now())
    assert ledger.history.trials[0].state is State.STOPPING
    step(ledger, policy, [Paused(trial=0, attempt=1)], now())
    assert ledger.history.trials[0].state is State.STOPPED


class Nothing:
    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        return ()


def test_a_trial_that_somebody_has_go_on_is_no_suggestion() -> None:
    """So what is suggested afterwards is what would have been suggested without it."""
    asked = study(t5=[PauseTrial(trial=0)], t20=[ContinueTrial(trial=0)])
    (resumed,) = [event for event in asked.events if isinstance(event, TrialResumed)]
    assert resumed.asked
    assert asked.history.chosen == asked.history.trial_count == 6
    assert asked.configs == study().configs


def test_a_trial_that_nobody_asks_to_go_on_keeps_no_study_open() -> None:
    done = study(t5=[PauseTrial(trial=0)])
    assert done.history.trials[0].state is State.STOPPED
    assert done.history.closed is not None


@pytest.mark.parametrize(("trials", "run"), [(9, 9), (3, 3), (1, 2)])
def test_more_trials_or_fewer(trials: int, run: int) -> None:
    done = study(t5=[ChangeTrials(trials=trials)])
    assert done.history.trial_count == len(done.history.ended) == run
    assert [event.trials for event in done.events if isinstance(event, LimitsChanged)] == [trials]
    assert replay(done.store, "study").history.spec.trials == trials


def test_more_workers_are_started_and_used() -> None:
    done = study(trials=20, t5=[ChangeWorkers(workers=5)])
    assert {stay.worker for stay in done.history.stays} == {f"sim-{slot}" for slot in range(5)}
    used = {worker for trial in done.history.trials for span in trial.spans for worker in span.workers}
    assert used == {f"sim-{slot}" for slot in range(5)}


def test_fewer_workers_are_used() -> None:
    done = study(trials=20, workers=4, t5=[ChangeWorkers(workers=1)])
    changed = next(event.at for event in done.events if isinstance(event, LimitsChanged))
    spans = [span for trial in done.history.trials for span in trial.spans if span.start > changed]
    assert spans
    by_start = sorted(spans, key=lambda span: span.start)
    for one, other in pairwise(by_start):
        assert one.end is not None
        assert one.end <= other.start


def test_the_study_is_stopped_and_goes_on_later() -> None:
    first = study(t9=[EndStudy(reason="enough for today"), EndTrial(trial=0)])
    closed = first.history.closed
    assert closed is not None
    assert (closed.outcome, closed.reason) == (Outcome.INTERRUPTED, "enough for today")
    assert len(first.history.ended) < 6
    again = run_study(RandomSearch(), trials=6, engine=Simulated(2), store=first.store)
    assert len(again.history.ended) == 6


def test_a_limit_on_workers_ends_with_its_session() -> None:
    first = study(trials=20, t5=[ChangeWorkers(workers=1)], t9=[EndStudy()])
    assert first.history.worker_limit == 1
    again = run_study(RandomSearch(), trials=20, engine=Simulated(2), store=first.store)
    assert again.history.worker_limit is None


numbers = st.integers(-2, 12)
requests = st.one_of(
    st.builds(EndTrial, trial=numbers),
    st.builds(PauseTrial, trial=numbers),
    st.builds(ContinueTrial, trial=numbers),
    st.builds(ChangeTrials, trials=numbers),
    st.builds(ChangeWorkers, workers=numbers),
)


@given(st.lists(st.lists(requests, max_size=3), max_size=40), st.integers(0, 100))
def test_whatever_is_asked_whenever_the_study_ends_in_order(asked: list[list[Request]], seed: int) -> None:
    """Requests may be late, wrong and many: each trial ends once, and as many are run as were asked for last."""
    engine = Simulated(3, straggle=0.5, crash=0.03, seed=seed)
    turns: dict[str, Any] = {f"t{turn}": some for turn, some in enumerate(asked)}
    done = run_study(RandomSearch(), trials=6, engine=engine, requests=at_turns(**turns))
    history = done.history
    assert history.closed is not None
    assert all(trial.state in ENDED for trial in history.trials)
    assert sorted(history.ended) == list(range(history.trial_count))
    limits = [event.trials for event in done.events if isinstance(event, LimitsChanged) and event.trials]
    assert history.trial_count <= max([6, *limits])
    if not limits:
        assert history.trial_count == 6


def test_fewer_trials_are_no_reason_to_give_a_study_up() -> None:
    """Its first trial has failed, and many others have not."""

    def unlucky(params: Any, trial: Any) -> float:
        if trial.id == 0:
            raise ValueError("bad luck")
        return 1.0

    done = run_study(
        RandomSearch(),
        objective=unlucky,
        trials=20,
        engine=Simulated(2),
        requests=at_turns(t9=[ChangeTrials(trials=1)]),
    )
    assert done.history.closed is not None
    assert done.history.closed.outcome is Outcome.FINISHED


def test_workers_are_not_limited_below_what_a_trial_needs() -> None:
    class Wide:
        def bind(self, space: Any, seed: int, trials: int | None) -> Any:
            return self

        def suggest(self, history: Any, free: int, rng: Any) -> list[Suggestion]:
            return [Suggestion(config={"n": history.trial_count}, ranks=3)]

    turns = at_turns(t6=[ChangeWorkers(workers=1)])
    done = run_study(Wide(), trials=3, engine=Simulated(4), requests=turns)  # type: ignore[arg-type]
    assert len(done.history.ended) == 3


def test_no_more_workers_are_started_than_there_is_work_for() -> None:
    engine = Simulated(2)
    done = run_study(
        RandomSearch(),
        trials=6,
        engine=engine,
        requests=at_turns(t5=[ChangeWorkers(workers=500)], t9=[ChangeTrials(trials=9)]),
    )
    assert len(done.history.ended) == 9
    assert 6 < len(done.history.stays) <= 9
    again = run_study(RandomSearch(), trials=12, engine=engine, store=done.store)
    assert engine.capacity == 2, "the engine is as it was made"
    assert len(again.history.ended) == 12
