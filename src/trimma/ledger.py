"""The fold of a study's events: each changes the study's `History` in place, or is refused."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from trimma import events as ev
from trimma.commands import Checkpoint
from trimma.errors import IllegalMove
from trimma.history import History, Session, Stay
from trimma.trial import Curve, Span, State, move


class _Record(Struct, kw_only=True, eq=False, gc=False):
    """The fold's own, mutable side of `trimma.trial.Trial`."""

    id: int
    config: Mapping[str, Any]
    branch: int
    hidden: Mapping[str, Any]
    rungs: Sequence[int]
    budget: int | None
    since: float
    state: State = State.QUEUED
    attempt: int = 0
    crashes: int = 0
    losses: int = 0
    checkpoint: Checkpoint | None = None
    lost_steps: int = 0
    worker: str | None = None
    curve: Curve = field(default_factory=Curve)
    value: float | None = None
    result: Mapping[str, float] = field(default_factory=dict)
    failure: ev.Failure | None = None
    reason: str = ""
    overdue: bool = False
    killed: bool = False
    spans: tuple[Span, ...] = ()

    def __repr__(self) -> str:
        return f"Trial({self.id}, {self.state}, value={self.value}, config={self.config})"


class Ledger:
    """The one that folds: ``ledger.fold(event)`` changes ``ledger.history`` in place."""

    def __init__(self) -> None:
        self.history = History()

    def fold(self, event: ev.Event) -> None:
        """Take in one event; `IllegalMove` when it can't follow what is there."""
        history = self.history
        if history._spec is None and type(event) is not ev.StudyCreated:
            raise IllegalMove(f"a study's first event must be StudyCreated, not {type(event).__name__}")
        _FOLDS[type(event)](history, event)
        history._length += 1
        if history._sessions:
            history._sessions[-1].end = event.at


def _created(history: History, event: ev.StudyCreated) -> None:
    if history._spec is not None:
        raise IllegalMove("a study is created once")
    history._spec, history._asked, history._program = event.spec, event.spec, event.program


def _opened(history: History, event: ev.StudyOpened) -> None:
    history._spec = msgspec.structs.replace(history.spec, trials=event.trials, until=event.until)
    died = history._sessions[-1].end if history._sessions else event.at
    _dismiss_workers(history, died)
    for trial in history.on_workers():
        trial.spans[-1].end = died
    for trial in history._trials:
        trial.losses = 0
    history._sessions.append(
        Session(
            start=event.at,
            end=event.at,
            ended_before=len(history._ended),
            trials_before=len(history._trials),
        )
    )
    history._closed = None


def _extended(history: History, event: ev.StudyExtended) -> None:
    history._spec = msgspec.structs.replace(history.spec, ablation=event.ablation)
    history._asked = msgspec.structs.replace(history.asked, ablation=event.ablation)
    history._program = event.program


def _closed(history: History, event: ev.StudyClosed) -> None:
    history._closed = event
    if history._sessions:
        history._sessions[-1].reason = event.reason
    _dismiss_workers(history, event.at)


def _dismiss_workers(history: History, at: float) -> None:
    for stay in history._workers.values():
        stay.end = at
    history._workers.clear()
    history._idle.clear()


def _joined(history: History, event: ev.WorkerJoined) -> None:
    if event.worker in history._workers:
        raise IllegalMove(f"worker {event.worker} joined twice")
    stay = Stay(worker=event.worker, start=event.at)
    history._workers[event.worker] = stay
    history._stays.append(stay)
    history._idle[event.worker] = None


def _left(history: History, event: ev.WorkerLost) -> None:
    stay = history._workers.pop(event.worker, None)
    if stay is None:
        raise IllegalMove(f"worker {event.worker} was lost, but had not joined")
    stay.end, stay.cause = event.at, event.cause
    history._idle.pop(event.worker, None)


def _queued(history: History, event: ev.TrialQueued) -> None:
    if event.trial != len(history._trials):
        raise IllegalMove(f"trial {event.trial} was queued where trial {len(history._trials)} was due")
    trial = _Record(
        id=event.trial,
        config=event.config,
        branch=event.branch,
        hidden=event.hidden,
        rungs=event.rungs,
        budget=event.budget,
        since=event.at,
    )
    history._trials.append(trial)
    history._counts[State.QUEUED] += 1
    history._by_state[State.QUEUED][trial.id] = trial


def _moved(history: History, event: Any) -> _Record:
    """Move the event's trial to the state that the table names, and keep the indexes by state."""
    trial = _trial_of(history, event)
    before, after = trial.state, move(trial.id, trial.state, type(event))
    if before is not after:
        trial.state, trial.since = after, event.at
        history._counts[before] -= 1
        history._counts[after] += 1
        del history._by_state[before][trial.id]
        if after in history._by_state:
            history._by_state[after][trial.id] = trial
    return trial


def _trial_of(history: History, event: Any) -> _Record:
    if not 0 <= event.trial < len(history._trials):
        raise IllegalMove(f"{type(event).__name__} names trial {event.trial}, which was never queued")
    trial: _Record = history._trials[event.trial]
    if event.attempt != trial.attempt and type(event) is not ev.TrialStarted:
        raise IllegalMove(
            f"{type(event).__name__} names attempt {event.attempt} of trial {trial.id}, now at {trial.attempt}"
        )
    return trial


def _started(history: History, event: ev.TrialStarted) -> None:
    trial = _moved(history, event)
    if event.attempt != trial.attempt + 1:
        raise IllegalMove(f"attempt {event.attempt} of trial {trial.id} follows attempt {trial.attempt}")
    if event.worker not in history._idle:
        raise IllegalMove(f"trial {trial.id} was started on worker {event.worker}, which isn't idle")
    del history._idle[event.worker]
    trial.attempt, trial.worker = event.attempt, event.worker
    trial.reason, trial.killed = "", False
    if _go_back(history, trial):
        trial.spans[-1].lost = True
    trial.spans = (*trial.spans, Span(attempt=event.attempt, worker=event.worker, start=event.at))


def _reported(history: History, event: ev.Reported) -> None:
    trial = _trial_of(history, event)
    move(trial.id, trial.state, ev.Reported)
    trial.curve.append(event.step, event.at, event.metrics)
    value = event.metrics.get(history.spec.metric.name)
    if value is None:
        return
    trial.value = value
    scores = history._scores
    scores.trials.append(trial.id)
    scores.steps.append(event.step)
    scores.values.append(value)
    if history.better(value, history._best_reported):
        history._best_reported = value


def _logged(history: History, event: ev.Logged) -> None:
    # the text stays in the store: it may be long, and no policy or view asks for it
    trial = _trial_of(history, event)
    move(trial.id, trial.state, ev.Logged)


def _stop_requested(history: History, event: ev.StopRequested) -> None:
    _moved(history, event).reason = event.reason


def _kill_requested(history: History, event: ev.KillRequested) -> None:
    trial = _trial_of(history, event)
    if trial.state is State.RUNNING:
        trial.overdue, trial.reason = True, event.reason
    _moved(history, event).killed = True


def _pause_requested(history: History, event: ev.PauseRequested) -> None:
    _moved(history, event).reason = event.reason


def _paused(history: History, event: ev.TrialPaused) -> None:
    trial = _moved(history, event)
    if event.checkpoint is not None and len(trial.curve):
        trial.checkpoint = Checkpoint(step=trial.curve.steps[-1], folder=event.checkpoint)
    trial.spans[-1].seconds = event.seconds
    _release(history, trial, event.at)


def _resumed(history: History, event: ev.TrialResumed) -> None:
    trial = _moved(history, event)
    trial.rungs, trial.budget = event.rungs, event.budget


def _finished(history: History, event: ev.TrialFinished) -> None:
    trial = _moved(history, event)
    trial.result, trial.reason = event.metrics, ""
    value = event.metrics.get(history.spec.metric.name)
    if value is not None:
        trial.value = value
        if history.better(value, history._best_reported):
            history._best_reported = value
    _end(history, trial, event)


def _stopped(history: History, event: ev.TrialStopped) -> None:
    trial = _moved(history, event)
    trial.reason = event.reason or trial.reason
    _end(history, trial, event)


def _failed(history: History, event: ev.TrialFailed) -> None:
    trial = _moved(history, event)
    trial.failure, trial.result = event.failure, event.metrics
    _end(history, trial, event)


def _lost(history: History, event: ev.TrialLost) -> None:
    trial = _moved(history, event)
    trial.crashes += event.crashed
    trial.losses += not event.crashed
    trial.spans[-1].lost = True
    _go_back(history, trial)
    _release(history, trial, event.at)


def _go_back(history: History, trial: _Record) -> bool:
    """Forget what the next attempt will report again, all that came after the checkpoint; whether there was any."""
    if not len(trial.curve):
        return False
    kept = trial.curve.upto(trial.checkpoint.step if trial.checkpoint else None)
    if len(kept) == len(trial.curve):
        return False
    trial.lost_steps += len(trial.curve) - len(kept)
    trial.curve = kept
    values = kept.series(history.spec.metric.name).values
    trial.value = values[-1] if values else None
    return True


def _end(history: History, trial: _Record, event: ev.TrialFinished | ev.TrialStopped | ev.TrialFailed) -> None:
    if trial.worker is not None:
        trial.spans[-1].seconds = event.seconds
    _release(history, trial, event.at)
    history._ended.append(trial.id)
    if trial.state is not State.FAILED and trial.value is not None:
        best = history._best.value if history._best else None
        if history.better(trial.value, best):
            history._best = trial
    history._best_by_end.append(history._best.value if history._best and history._best.value is not None else math.nan)


def _release(history: History, trial: _Record, at: float) -> None:
    """Close the trial's span; its worker is idle again, if it is still there."""
    if trial.worker is None:
        return
    if trial.spans[-1].end is None:
        trial.spans[-1].end = at
    if trial.worker in history._workers:
        history._idle[trial.worker] = None
    trial.worker = None


_FOLDS: Mapping[type, Callable[[History, Any], None]] = {
    ev.StudyCreated: _created,
    ev.StudyOpened: _opened,
    ev.StudyExtended: _extended,
    ev.StudyClosed: _closed,
    ev.WorkerJoined: _joined,
    ev.WorkerLost: _left,
    ev.TrialQueued: _queued,
    ev.TrialStarted: _started,
    ev.Reported: _reported,
    ev.Logged: _logged,
    ev.PauseRequested: _pause_requested,
    ev.TrialPaused: _paused,
    ev.TrialResumed: _resumed,
    ev.StopRequested: _stop_requested,
    ev.KillRequested: _kill_requested,
    ev.TrialStopped: _stopped,
    ev.TrialFinished: _finished,
    ev.TrialFailed: _failed,
    ev.TrialLost: _lost,
}
