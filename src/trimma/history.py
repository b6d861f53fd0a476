"""A study's history: what policies, rules and views see of its events.

Only `trimma.ledger.Ledger` changes it. A trial's reports stand twice: by trial, with all metrics, in its curve (of
the attempt that counts), and in `scores`, the study's metric in the order of arrival, which lets a policy take in
only what is new since it last looked.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from msgspec import Struct

from trimma.errors import IllegalMove
from trimma.events import StudyClosed
from trimma.study import StudySpec
from trimma.trial import ENDED, ON_WORKER, State, Trial


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

    ``ended_before`` and ``trials_before`` count what there was when it began; ``reason`` is why it was closed, empty
    before that, and where its driver died.
    """

    start: float
    end: float
    ended_before: int
    trials_before: int
    reason: str = ""


class History:
    """What is known of one study. Read only: its events are the way to change it."""

    def __init__(self) -> None:
        self._spec: StudySpec | None = None
        self._asked: StudySpec | None = None
        self._program: bytes | None = None
        self._trials: list[Any] = []
        self._scores = Scores()
        self._ended: list[int] = []
        self._best_by_end = array("d")
        self._best: Any = None
        self._best_reported: float | None = None
        self._counts = dict.fromkeys(State, 0)
        self._by_state: dict[State, dict[int, Any]] = {state: {} for state in State if state not in ENDED}
        self._idle: dict[str, None] = {}
        self._workers: dict[str, Stay] = {}
        self._stays: list[Stay] = []
        self._sessions: list[Session] = []
        self._closed: StudyClosed | None = None
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
        best: Trial | None = self._best
        return best

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
        return self._by_state[State.QUEUED]

    @property
    def running(self) -> Mapping[int, Trial]:
        """The running trials, longest running first."""
        return self._by_state[State.RUNNING]

    @property
    def pausing(self) -> Mapping[int, Trial]:
        """The trials asked to pause, longest ago first."""
        return self._by_state[State.PAUSING]

    @property
    def paused(self) -> Mapping[int, Trial]:
        """The trials that may go on, longest paused first."""
        return self._by_state[State.PAUSED]

    @property
    def stopping(self) -> Mapping[int, Trial]:
        """The trials asked to stop, longest ago first."""
        return self._by_state[State.STOPPING]

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
    def closed(self) -> StudyClosed | None:
        """How the study was closed; None while it is open (or its driver was killed)."""
        return self._closed

    def live(self) -> bool:
        """Whether any trial is queued or on a worker."""
        return self.live_count > 0

    @property
    def live_count(self) -> int:
        """How many trials are queued or on a worker."""
        return len(self.queued) + sum(len(self._by_state[state]) for state in ON_WORKER)

    @property
    def room(self) -> int | None:
        """How many new trials the study may still have; None for any number."""
        limit = self.spec.trials
        return None if limit is None else max(0, limit - self.trial_count)

    def on_workers(self) -> list[Trial]:
        """The trials that run, pause or stop."""
        return list(chain.from_iterable(self._by_state[state].values() for state in ON_WORKER))

    def trial_on(self, worker: str) -> Trial | None:
        """The trial that runs on ``worker``; a search over what is live, for rare events only."""
        return next((trial for trial in self.on_workers() if trial.worker == worker), None)

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
