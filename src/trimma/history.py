"""A study's history: the fold of its events, read by policies, rules and views.

`History` is what they see; only `Ledger.fold` changes it. A trial's reports stand twice: by trial, with all
metrics, in its curve (of the attempt that counts), and in `scores`, the study's metric in the order of arrival,
which lets a policy take in only what is new since it last looked.
"""

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from trimma import events as ev
from trimma.errors import IllegalMove
from trimma.study import StudySpec
from trimma.trial import Curve, Span, State, Trial, move


class Scores:
    """Every report of the study's metric in order of arrival: three columns of equal length."""

    __slots__ = ("steps", "trials", "values")

    def __init__(self) -> None:
        self.trials = array("q")
        self.steps = array("q")
        self.values = array("d")

    def __len__(self) -> int:
        return len(self.trials)


class Stay(Struct, kw_only=True):
    """A worker's time in the study, in seconds since the epoch; ``end`` is None while it lasts."""

    worker: str
    start: float
    end: float | None = None
    cause: str = ""


class Session(Struct, kw_only=True):
    """One driver's time with the study; ``end`` is the time of the last event that it stored.

    ``ended_before`` and ``trials_before`` count what there was when it began.
    """

    start: float
    end: float
    ended_before: int
    trials_before: int


class _Trial(Struct, kw_only=True, eq=False, gc=False):
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


class History:
    """What is known of one study. Read only: its events are the way to change it."""

    def __init__(self) -> None:
        self._spec: StudySpec | None = None
        self._asked: StudySpec | None = None
        self._program: bytes | None = None
        self._trials: list[_Trial] = []
        self._scores = Scores()
        self._ended: list[int] = []
        self._best_by_end = array("d")
        self._best: _Trial | None = None
        self._best_reported: float | None = None
        self._counts = dict.fromkeys(State, 0)
        self._live: dict[State, dict[int, _Trial]] = {
            state: {} for state in (State.QUEUED, State.RUNNING, State.STOPPING)
        }
        self._idle: dict[str, None] = {}
        self._workers: dict[str, Stay] = {}
        self._stays: list[Stay] = []
        self._sessions: list[Session] = []
        self._closed: ev.StudyClosed | None = None
        self._length = 0

    def __len__(self) -> int:
        """How many events have been folded in."""
        return self._length

    @property
    def spec(self) -> StudySpec:
        if self._spec is None:
            raise IllegalMove("a study's first event must be StudyCreated")
        return self._spec

    @property
    def asked(self) -> StudySpec:
        """The spec as the study was created; `spec` has the limits of the latest session."""
        return self._asked or self.spec

    @property
    def program(self) -> bytes | None:
        """The pickled program as it was stored; None where it was too large to keep."""
        return self._program

    @property
    def maximize(self) -> bool:
        return self.spec.metric.maximize

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials; a trial's id is its index."""
        return self._trials

    @property
    def trial_count(self) -> int:
        return len(self._trials)

    @property
    def scores(self) -> Scores:
        return self._scores

    @property
    def ended(self) -> Sequence[int]:
        """The ids of the trials that have ended, in that order."""
        return self._ended

    @property
    def best(self) -> Trial | None:
        """The trial that ended, done or stopped, with the best finite value; the first of equals."""
        return self._best

    @property
    def best_by_end(self) -> Sequence[float]:
        """The best value after each end of a trial, in the order of ``ended``; NaN before there is one."""
        return self._best_by_end

    @property
    def best_reported(self) -> float | None:
        """The best finite value that any trial has reported or returned."""
        return self._best_reported

    @property
    def counts(self) -> Mapping[State, int]:
        return self._counts

    @property
    def queued(self) -> Mapping[int, Trial]:
        return self._live[State.QUEUED]

    @property
    def running(self) -> Mapping[int, Trial]:
        """The running trials, longest running first."""
        return self._live[State.RUNNING]

    @property
    def stopping(self) -> Mapping[int, Trial]:
        """The trials asked to stop, longest ago first."""
        return self._live[State.STOPPING]

    @property
    def workers(self) -> Mapping[str, Stay]:
        """The workers that are there now."""
        return self._workers

    @property
    def idle(self) -> Mapping[str, None]:
        """The names of the workers without a trial, longest idle first."""
        return self._idle

    @property
    def stays(self) -> Sequence[Stay]:
        """Each stay of each worker, in the order of joining."""
        return self._stays

    @property
    def sessions(self) -> Sequence[Session]:
        return self._sessions

    @property
    def closed(self) -> ev.StudyClosed | None:
        """How the study was closed; None while it is open (or its driver was killed)."""
        return self._closed

    def live(self) -> bool:
        """Whether any trial is queued, running or stopping."""
        return any(self._live.values())

    def trial_on(self, worker: str) -> Trial | None:
        """The trial that runs on ``worker``; a search over what is live, for rare events only."""
        for state in (State.RUNNING, State.STOPPING):
            for trial in self._live[state].values():
                if trial.worker == worker:
                    return trial
        return None

    def better(self, left: float, right: float | None) -> bool:
        """Whether ``left`` is finite and strictly better than ``right``."""
        if not math.isfinite(left):
            return False
        return right is None or (left > right if self.maximize else left < right)

    def active_seconds(self, now: float) -> float:
        """How long drivers have worked on the study, up to ``now`` when it is open."""
        if not self._sessions:
            return 0.0
        current = self._sessions[-1]
        return self._before_session() + (current.end if self._closed else max(now, current.end)) - current.start

    def moment_after(self, active_seconds: float) -> float:
        """When this session, if it lasts, will have brought the study to so many seconds of work."""
        return self._sessions[-1].start + (active_seconds - self._before_session())

    def _before_session(self) -> float:
        return sum(session.end - session.start for session in self._sessions[:-1])


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
    for state in (State.RUNNING, State.STOPPING):
        for trial in history._live[state].values():
            trial.spans[-1].end = died
    history._sessions.append(
        Session(
            start=event.at,
            end=event.at,
            ended_before=len(history._ended),
            trials_before=len(history._trials),
        )
    )
    history._closed = None


def _closed(history: History, event: ev.StudyClosed) -> None:
    history._closed = event
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
    trial = _Trial(
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
    history._live[State.QUEUED][trial.id] = trial


def _moved(history: History, event: Any) -> _Trial:
    """Move the event's trial to the state that the table names, and keep the indexes by state."""
    trial = _trial_of(history, event)
    before, after = trial.state, move(trial.id, trial.state, type(event))
    if before is not after:
        trial.state, trial.since = after, event.at
        history._counts[before] -= 1
        history._counts[after] += 1
        del history._live[before][trial.id]
        if after in history._live:
            history._live[after][trial.id] = trial
    return trial


def _trial_of(history: History, event: Any) -> _Trial:
    if not 0 <= event.trial < len(history._trials):
        raise IllegalMove(f"{type(event).__name__} names trial {event.trial}, which was never queued")
    trial: _Trial = history._trials[event.trial]
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


def _finished(history: History, event: ev.TrialFinished) -> None:
    trial = _moved(history, event)
    trial.result, trial.reason = event.metrics, ""
    value = event.metrics.get(history.spec.metric.name)
    if value is not None:
        trial.value = value
        if history.better(value, history._best_reported):
            history._best_reported = value
    _end(history, trial, event.at)


def _stopped(history: History, event: ev.TrialStopped) -> None:
    trial = _moved(history, event)
    trial.reason = event.reason or trial.reason
    _end(history, trial, event.at)


def _failed(history: History, event: ev.TrialFailed) -> None:
    trial = _moved(history, event)
    trial.failure, trial.result = event.failure, event.metrics
    _end(history, trial, event.at)


def _lost(history: History, event: ev.TrialLost) -> None:
    trial = _moved(history, event)
    trial.crashes += event.crashed
    trial.lost_steps += len(trial.curve)
    trial.curve, trial.value = Curve(), None
    _release(history, trial, event.at)


def _end(history: History, trial: _Trial, at: float) -> None:
    _release(history, trial, at)
    history._ended.append(trial.id)
    if trial.state is not State.FAILED and trial.value is not None:
        best = history._best.value if history._best else None
        if history.better(trial.value, best):
            history._best = trial
    history._best_by_end.append(history._best.value if history._best and history._best.value is not None else math.nan)


def _release(history: History, trial: _Trial, at: float) -> None:
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
    ev.StudyClosed: _closed,
    ev.WorkerJoined: _joined,
    ev.WorkerLost: _left,
    ev.TrialQueued: _queued,
    ev.TrialStarted: _started,
    ev.Reported: _reported,
    ev.Logged: _logged,
    ev.StopRequested: _stop_requested,
    ev.KillRequested: _kill_requested,
    ev.TrialStopped: _stopped,
    ev.TrialFinished: _finished,
    ev.TrialFailed: _failed,
    ev.TrialLost: _lost,
}
