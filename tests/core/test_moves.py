"""The table of a trial's moves, and the fold that keeps to it."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trimma import events as ev
from trimma.errors import IllegalMove
from trimma.ledger import Ledger
from trimma.spec import Metric, StudySpec
from trimma.stopping import Timeout
from trimma.trial import ENDED, MOVES, State, move

KINDS = (
    ev.TrialQueued,
    ev.TrialStarted,
    ev.Reported,
    ev.Logged,
    ev.PauseRequested,
    ev.SaveBegun,
    ev.CheckpointSaved,
    ev.SaveFailed,
    ev.PauseFailed,
    ev.WentBackFurther,
    ev.TrialPaused,
    ev.TrialResumed,
    ev.StopRequested,
    ev.KillRequested,
    ev.TrialStopped,
    ev.TrialFinished,
    ev.TrialFailed,
    ev.TrialLost,
)
# written out once more: the table must not change unnoticed
LEGAL = {
    None: {ev.TrialQueued: State.QUEUED},
    State.QUEUED: {ev.TrialStarted: State.RUNNING, ev.TrialStopped: State.STOPPED},
    State.RUNNING: {
        ev.Reported: State.RUNNING,
        ev.Logged: State.RUNNING,
        ev.SaveBegun: State.RUNNING,
        ev.CheckpointSaved: State.RUNNING,
        ev.SaveFailed: State.RUNNING,
        ev.WentBackFurther: State.RUNNING,
        ev.PauseRequested: State.PAUSING,
        ev.StopRequested: State.STOPPING,
        ev.KillRequested: State.STOPPING,
        ev.TrialFinished: State.DONE,
        ev.TrialFailed: State.FAILED,
        ev.TrialLost: State.QUEUED,
    },
    State.PAUSING: {
        ev.Reported: State.PAUSING,
        ev.Logged: State.PAUSING,
        ev.SaveBegun: State.PAUSING,
        ev.CheckpointSaved: State.PAUSING,
        ev.SaveFailed: State.PAUSING,
        ev.PauseFailed: State.RUNNING,
        ev.WentBackFurther: State.PAUSING,
        ev.StopRequested: State.STOPPING,
        ev.KillRequested: State.PAUSING,
        ev.TrialPaused: State.PAUSED,
        ev.TrialFinished: State.DONE,
        ev.TrialFailed: State.FAILED,
    },
    State.PAUSED: {ev.TrialResumed: State.QUEUED, ev.TrialStopped: State.STOPPED},
    State.STOPPING: {
        ev.Reported: State.STOPPING,
        ev.TrialLost: State.QUEUED,
        ev.Logged: State.STOPPING,
        ev.SaveBegun: State.STOPPING,
        ev.CheckpointSaved: State.STOPPING,
        ev.SaveFailed: State.STOPPING,
        ev.WentBackFurther: State.STOPPING,
        ev.KillRequested: State.STOPPING,
        ev.TrialFinished: State.DONE,
        ev.TrialStopped: State.STOPPED,
        ev.TrialFailed: State.FAILED,
    },
}


@pytest.mark.parametrize(("state", "kind"), list(itertools.product([None, *State], KINDS)))
def test_every_move(state: State | None, kind: type) -> None:
    legal = LEGAL.get(state, {})
    if kind in legal:
        assert move(3, state, kind) is legal[kind]
        return
    with pytest.raises(IllegalMove) as refused:
        move(3, state, kind)
    message = str(refused.value)
    assert f"trial 3 is {state or 'unknown'}, where {kind.__name__} can't happen" in message
    for possible in legal:
        assert possible.__name__ in message
    if not legal:
        assert "it has ended" in message


def test_the_table_is_whole() -> None:
    assert {origin for origin, _ in MOVES} == {None, *State} - ENDED
    assert len(MOVES) == sum(map(len, LEGAL.values()))


SPEC = StudySpec(name="s", metrics=(Metric(name="m", maximize=True),), seed=0, trials=3)
numbers = st.integers(-1, 2)
attempts = st.integers(0, 2)
workers = st.sampled_from(["a", "b"])
key = {"at": st.floats(0, 100), "trial": numbers, "attempt": attempts}
events = st.one_of(
    st.builds(ev.StudyCreated, at=st.just(0.0), spec=st.just(SPEC)),
    st.builds(ev.StudyOpened, at=st.floats(0, 100), trials=st.just(3), until=st.sampled_from([None, Timeout(5)])),
    st.builds(ev.LimitsChanged, at=st.floats(0, 100), trials=st.none() | st.integers(1, 5), workers=st.just(1)),
    st.builds(ev.StudyClosed, at=st.floats(0, 100), outcome=st.sampled_from(ev.Outcome), reason=st.just("")),
    st.builds(ev.PlanRequested, at=st.floats(0, 100), free=st.just(1)),
    st.builds(ev.PlanReceived, at=st.floats(0, 100), suggestions=st.integers(0, 2)),
    st.builds(ev.WorkerJoined, at=st.floats(0, 100), worker=workers),
    st.builds(ev.WorkerLost, at=st.floats(0, 100), worker=workers, cause=st.just("")),
    st.builds(ev.WorkerRenewed, at=st.floats(0, 100), worker=workers, cause=st.just("")),
    st.builds(ev.WorkerGrown, at=st.floats(0, 100), worker=workers, more=st.just(1), trials=st.just(2)),
    st.builds(
        ev.TrialQueued, at=st.floats(0, 100), trial=numbers, config=st.just({}), ranks=st.sampled_from([1, 1, 2])
    ),
    st.builds(ev.TrialStarted, workers=st.lists(workers, max_size=2).map(tuple), **key),
    st.builds(
        ev.Reported,
        step=st.integers(0, 9),
        rank=st.sampled_from([0, 0, 1]),
        metrics=st.dictionaries(st.sampled_from("mn"), st.floats()),
        **key,
    ),
    st.builds(ev.Logged, text=st.text(), **key),
    st.builds(ev.PauseRequested, reason=st.just("r"), **key),
    st.builds(ev.TrialPaused, **key),
    st.builds(ev.SaveBegun, step=st.integers(0, 9), **key),
    st.builds(ev.CheckpointSaved, step=st.integers(0, 9), **key),
    st.builds(ev.SaveFailed, step=st.integers(0, 9), failure=st.just(ev.Failure(kind="E", message="")), **key),
    st.builds(ev.PauseFailed, step=st.integers(0, 9), failure=st.just(ev.Failure(kind="E", message="")), **key),
    st.builds(ev.WentBackFurther, step=st.none() | st.integers(0, 9), cause=st.just("r"), **key),
    st.builds(ev.TrialResumed, budget=st.none() | st.integers(1, 9), **key),
    st.builds(ev.StopRequested, reason=st.just("r"), **key),
    st.builds(ev.KillRequested, reason=st.just("r"), **key),
    st.builds(ev.TrialStopped, **key),
    st.builds(ev.TrialFinished, metrics=st.dictionaries(st.sampled_from("mn"), st.floats()), **key),
    st.builds(ev.TrialFailed, failure=st.just(ev.Failure(kind="E", message="")), **key),
    st.builds(ev.TrialLost, cause=st.just(""), crashed=st.booleans(), spoiled=st.booleans(), **key),
)


@given(st.booleans(), st.lists(events, max_size=30))
@example(
    begun=False,
    sequence=[
        ev.StudyCreated(at=0.0, spec=SPEC),
        ev.WorkerJoined(at=0.0, worker="a"),
        ev.StudyOpened(at=1.0),
    ],
)
def test_any_sequence_of_events_is_legal_or_refused(begun: bool, sequence: list[ev.Event]) -> None:
    ledger = Ledger()
    if begun:
        for event in (
            ev.StudyCreated(at=0.0, spec=SPEC),
            ev.StudyOpened(at=0.0, trials=3),
            ev.WorkerJoined(at=0.0, worker="a"),
            ev.TrialQueued(at=0.0, trial=0, config={}),
            ev.TrialStarted(at=0.0, trial=0, attempt=1, workers=("a",)),
        ):
            ledger.fold(event)
    for event in sequence:
        before = len(ledger)
        try:
            ledger.fold(event)
        except IllegalMove:
            assert len(ledger) == before
            return
        history = ledger.history
        assert len(history) == before + 1
        assert sum(history.counts.values()) == history.trial_count
        assert len(history.ended) == sum(history.counts[state] for state in ENDED) == len(history.best_by_end)
        live = [*history.queued, *history.paused, *(trial.id for trial in history.on_workers())]
        assert sorted([*live, *history.ended]) == list(range(history.trial_count))
        assert set(history.idle) <= set(history.workers)
