"""A trial's states, the moves between them, and the protocol by which policies and views read a trial."""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from trimma.checkpoint import Checkpoint
from trimma.errors import IllegalMove
from trimma.events import (
    CheckpointSaved,
    Failure,
    KillRequested,
    Logged,
    PauseFailed,
    PauseRequested,
    Reported,
    SaveBegun,
    SaveFailed,
    StopRequested,
    TrialFailed,
    TrialFinished,
    TrialLost,
    TrialPaused,
    TrialQueued,
    TrialResumed,
    TrialStarted,
    TrialStopped,
    WentBackFurther,
)
from trimma.reports import Curve


class State(StrEnum):
    """The state of a trial."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    # an enumeration's own is Python code, and states are looked up several times an event
    __hash__ = str.__hash__


ENDED = frozenset({State.DONE, State.STOPPED, State.FAILED})
ON_WORKER = (State.RUNNING, State.PAUSING, State.STOPPING)

MOVES: Mapping[tuple[State | None, type], State] = {
    (None, TrialQueued): State.QUEUED,
    (State.QUEUED, TrialStarted): State.RUNNING,
    (State.QUEUED, TrialStopped): State.STOPPED,
    (State.RUNNING, Reported): State.RUNNING,
    (State.RUNNING, Logged): State.RUNNING,
    (State.RUNNING, SaveBegun): State.RUNNING,
    (State.RUNNING, CheckpointSaved): State.RUNNING,
    (State.RUNNING, SaveFailed): State.RUNNING,
    (State.RUNNING, WentBackFurther): State.RUNNING,
    (State.RUNNING, PauseRequested): State.PAUSING,
    (State.RUNNING, StopRequested): State.STOPPING,
    (State.RUNNING, KillRequested): State.STOPPING,
    (State.RUNNING, TrialFinished): State.DONE,
    (State.RUNNING, TrialFailed): State.FAILED,
    (State.RUNNING, TrialLost): State.QUEUED,
    (State.PAUSING, Reported): State.PAUSING,
    (State.PAUSING, Logged): State.PAUSING,
    (State.PAUSING, SaveBegun): State.PAUSING,
    (State.PAUSING, CheckpointSaved): State.PAUSING,
    (State.PAUSING, SaveFailed): State.PAUSING,
    (State.PAUSING, PauseFailed): State.RUNNING,
    (State.PAUSING, WentBackFurther): State.PAUSING,
    (State.PAUSING, StopRequested): State.STOPPING,
    (State.PAUSING, KillRequested): State.PAUSING,
    (State.PAUSING, TrialPaused): State.PAUSED,
    (State.PAUSING, TrialFinished): State.DONE,
    (State.PAUSING, TrialFailed): State.FAILED,
    (State.PAUSED, TrialResumed): State.QUEUED,
    (State.PAUSED, TrialStopped): State.STOPPED,
    (State.STOPPING, Reported): State.STOPPING,
    (State.STOPPING, Logged): State.STOPPING,
    (State.STOPPING, SaveBegun): State.STOPPING,
    (State.STOPPING, CheckpointSaved): State.STOPPING,
    (State.STOPPING, SaveFailed): State.STOPPING,
    (State.STOPPING, WentBackFurther): State.STOPPING,
    (State.STOPPING, KillRequested): State.STOPPING,
    (State.STOPPING, TrialFinished): State.DONE,
    (State.STOPPING, TrialStopped): State.STOPPED,
    (State.STOPPING, TrialFailed): State.FAILED,
    (State.STOPPING, TrialLost): State.QUEUED,
}


def move(trial: int, state: State | None, event: type) -> State:
    """The state that ``event`` leads to. Raises `IllegalMove` when the table has no such move."""
    try:
        return MOVES[state, event]
    except KeyError:
        legal = sorted(kind.__name__ for origin, kind in MOVES if origin is state)
        raise IllegalMove(
            f"trial {trial} is {state or 'unknown'}, where {event.__name__} can't happen; "
            f"what can: {', '.join(legal) or 'nothing, it has ended'}"
        ) from None


class Span(Struct, kw_only=True, gc=False):
    """One attempt's stay on its workers, in seconds since the epoch. ``end`` is None while it lasts.

    ``seconds`` is how long the objective ran, without the time for messages there and back, or None when that isn't
    known. ``lost`` says that the work of the attempt, or the end of it, is lost and is done again.
    """

    attempt: int
    workers: tuple[str, ...]
    start: float
    end: float | None = None
    lost: bool = False
    seconds: float | None = None


class Trial(Protocol):
    """One config being trained, as policies and views may see it: read only.

    ``place`` says which part of the study the trial belongs to, and may hold a policy's own marks. ``parent`` is the
    trial from whose checkpoint this one begins, or None when it begins at the beginning.

    ``value`` is the study's metric as returned at the end, or else as last reported. If the study says so, it is the
    best of all these values. It is None before the first report. ``since`` is when the trial came into its state, in
    seconds since the epoch. ``overdue`` says that it ran longer than it may, and ``killed`` that its runner is being
    killed. ``crashes`` counts the attempts that crashed, ``losses`` those that were lost with their worker in this
    session for another reason, ``retries`` those that raised an exception and were followed by another attempt, and
    ``spoiled`` those that were followed by one in a fresh process, because their own looked spoiled.
    ``spans`` are its attempts, and ``lost_steps`` is the number of reports that were lost with them. ``checkpoint`` is
    where the trial would go on from, and ``checkpoints`` are all that it could go on from, the oldest first. ``saving``
    says that it is saving one. ``workers`` are those that it is on: as many as it has ``ranks``, or none.
    """

    @property
    def id(self) -> int: ...
    @property
    def config(self) -> Mapping[str, Any]: ...
    @property
    def place(self) -> Mapping[str, Any]: ...
    @property
    def parent(self) -> int | None: ...
    @property
    def branch(self) -> int: ...
    @property
    def hidden(self) -> Mapping[str, Any]: ...
    @property
    def rungs(self) -> Sequence[int]: ...
    @property
    def budget(self) -> int | None: ...
    @property
    def ranks(self) -> int: ...
    @property
    def state(self) -> State: ...
    @property
    def attempt(self) -> int: ...
    @property
    def crashes(self) -> int: ...
    @property
    def losses(self) -> int: ...
    @property
    def retries(self) -> int: ...
    @property
    def spoiled(self) -> int: ...
    @property
    def checkpoint(self) -> Checkpoint | None: ...
    @property
    def checkpoints(self) -> Sequence[Checkpoint]: ...
    @property
    def saving(self) -> bool: ...
    @property
    def workers(self) -> Sequence[str]: ...
    @property
    def curve(self) -> Curve: ...
    @property
    def value(self) -> float | None: ...
    @property
    def result(self) -> Mapping[str, float]: ...
    @property
    def notes(self) -> Mapping[str, str | None]:
        """What the objective returned beside its metrics: texts, and None."""
        ...

    @property
    def folder(self) -> Path | None:
        """The folder in which it saved its model or the like, None if it asked for none.

        It is the path that its worker saw. The folder is there only if it is kept, and if nobody has moved it.
        """
        ...

    @property
    def failure(self) -> Failure | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def since(self) -> float: ...
    @property
    def overdue(self) -> bool: ...
    @property
    def killed(self) -> bool: ...
    @property
    def spans(self) -> Sequence[Span]: ...
    @property
    def lost_steps(self) -> int: ...


def fidelity(trial: Trial) -> float:
    """How far the trial was trained: the last step that it reported, or infinity if it is done.

    Values of different fidelities can't be compared. The first folds of a cross-validation may be easier than the
    others, and a loss may rise again after some steps.
    """
    if trial.state is State.DONE:
        return math.inf
    return float(trial.curve.steps[-1]) if len(trial.curve) else 0.0
