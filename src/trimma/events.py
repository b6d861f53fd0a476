"""Events: what has happened to a study. Only events are stored, and all else is computed from them.

``at`` is the driver's time of the event, in seconds since the epoch. ``seconds`` is how long the objective ran, as its
worker measured it, or None when that isn't known.
"""

import re
from enum import StrEnum
from typing import Any

from msgspec import Struct

from trimma.spec import StudySpec
from trimma.stopping import Rule

_NUMBERS = re.compile(r"0x[0-9a-f]+|[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?", re.IGNORECASE)
_PLACES = re.compile(r'^ +File ".*", line \d+', re.MULTILINE)


class Failure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a trial failed: the type of its exception (or a word such as ``Crash``), the message and the traceback."""

    kind: str
    message: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"

    @property
    def likeness(self) -> tuple[str, str, str]:
        """What is equal for failures that are alike: type, message without its numbers, and the place in the code."""
        return self.kind, _NUMBERS.sub("#", self.message), (_PLACES.findall(self.traceback) or [""])[-1]


class Outcome(StrEnum):
    """How a study was closed."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class _Event(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True, gc=False):
    """What all have in common. None is ever part of a reference cycle, so the garbage collector needn't visit them."""

    at: float


class StudyCreated(_Event, frozen=True, kw_only=True):
    """The first event of each study. ``program`` is the pickled program, or None when it is too large to keep."""

    spec: StudySpec
    program: bytes | None = None


class StudyOpened(_Event, frozen=True, kw_only=True):
    """A driver has begun to work on the study, with these limits. Attempts of earlier drivers don't run any more."""

    trials: int | None = None
    until: Rule | None = None


class StudyExtended(_Event, frozen=True, kw_only=True):
    """The study asks for more from here on.

    ``asked`` and ``planned`` replace those of the `StudySpec`, and ``program`` replaces that of `StudyCreated`.
    """

    asked: dict[str, Any]
    planned: int | None = None
    program: bytes | None = None


class LimitsChanged(_Event, frozen=True, kw_only=True):
    """Somebody asked for another total number of trials, or of workers. None leaves a limit as it was."""

    trials: int | None = None
    workers: int | None = None


class RuleAnswered(_Event, frozen=True, kw_only=True):
    """A stopping rule of the user's own gives another answer than before.

    ``reason`` says why the study is to end, and is empty when it is to go on. With a ``failure``, the rule raised an
    exception.
    """

    rule: str
    reason: str = ""
    failure: Failure | None = None


class StudyClosed(_Event, frozen=True, kw_only=True):
    """The study has ended. Nothing more happens to it, unless it is opened again."""

    outcome: Outcome
    reason: str


class WorkerJoined(_Event, frozen=True, kw_only=True):
    """A worker is ready for trials. ``host`` is the machine that it is on, or empty when that isn't known.

    ``stay`` is the number that the worker has given to this stay.
    """

    worker: str
    host: str = ""
    stay: int = 0


class WorkerLost(_Event, frozen=True, kw_only=True):
    """A worker is gone. ``cause`` says why, in words."""

    worker: str
    cause: str


class WorkerRenewed(_Event, frozen=True, kw_only=True):
    """An idle worker was taken out of the study, to join again with a fresh process.

    ``cause`` says why, in words. ``asked`` says that the engine's settings ask for it after a number of trials.
    """

    worker: str
    cause: str
    asked: bool = False


class WorkerGrown(_Event, frozen=True, kw_only=True):
    """The worker's process holds ``more`` bytes more after so many ``trials`` than after its first.

    ``exceeded`` says that this is more than it may hold.
    """

    worker: str
    more: int
    trials: int
    exceeded: bool = False


class PlanRequested(_Event, frozen=True, kw_only=True):
    """The scheduler was asked for up to ``free`` suggestions, to be made beside the loop.

    It may know the events up to this one, and no later ones.
    """

    free: int


class PlanReceived(_Event, frozen=True, kw_only=True):
    """The answer to the last request has arrived. It has this many ``suggestions``.

    An event follows for each suggestion that is taken up. Suggestions that no longer apply are dropped.
    """

    suggestions: int


class TrialQueued(_Event, frozen=True, kw_only=True):
    """A new trial was chosen. It runs ``config``, on as many workers at the same time as it has ``ranks``.

    It waits for a verdict at each step in ``rungs``, and ends at step ``budget``, if that isn't None. ``place`` says
    which part of the study it belongs to. With ``parent``, the id of another trial, it begins from that trial's
    checkpoint. ``branch`` and ``hidden`` say how the config came from the space.
    """

    trial: int
    config: dict[str, Any]
    place: dict[str, Any] = {}
    parent: int | None = None
    branch: int = 0
    hidden: dict[str, Any] = {}
    rungs: tuple[int, ...] = ()
    budget: int | None = None
    ranks: int = 1


class TrialStarted(_Event, frozen=True, kw_only=True):
    """An attempt at the trial began on these workers, one for each rank."""

    trial: int
    attempt: int
    workers: tuple[str, ...]


class Reported(_Event, frozen=True, kw_only=True):
    """One rank of the trial has reported metrics at a step."""

    trial: int
    attempt: int
    step: int
    metrics: dict[str, float]
    rank: int = 0


class Logged(_Event, frozen=True, kw_only=True):
    """Text that one rank of the trial printed or logged."""

    trial: int
    attempt: int
    text: str
    rank: int = 0


class PauseRequested(_Event, frozen=True, kw_only=True):
    """The trial was asked to save a checkpoint at its next report and to free its workers."""

    trial: int
    attempt: int
    reason: str


class TrialPaused(_Event, frozen=True, kw_only=True):
    """The attempt has ended to free its workers. The trial can go on from its last checkpoint."""

    trial: int
    attempt: int
    seconds: float | None = None


class SaveBegun(_Event, frozen=True, kw_only=True):
    """The trial has begun to save a checkpoint."""

    trial: int
    attempt: int
    step: int


class CheckpointSaved(_Event, frozen=True, kw_only=True):
    """The trial has saved a checkpoint, from which it can go on after ``step``.

    ``size`` is in bytes, and ``seconds`` is how long it took.
    """

    trial: int
    attempt: int
    step: int
    size: int = 0
    seconds: float | None = None


class SaveFailed(_Event, frozen=True, kw_only=True):
    """The trial could not save a checkpoint after ``step``, and goes on without it."""

    trial: int
    attempt: int
    step: int
    failure: Failure


class PauseFailed(_Event, frozen=True, kw_only=True):
    """The trial could not save a checkpoint after ``step``, and goes on instead of pausing."""

    trial: int
    attempt: int
    step: int
    failure: Failure


class WentBackFurther(_Event, frozen=True, kw_only=True):
    """The attempt could not begin from the trial's last checkpoint, for this ``cause``.

    It has begun from the earlier one of ``step``, or at the beginning if that is None.
    """

    trial: int
    attempt: int
    step: int | None
    cause: str


class TrialResumed(_Event, frozen=True, kw_only=True):
    """A paused trial is to go on, with these rungs and this budget.

    ``asked`` says that somebody has asked for that, and otherwise the scheduler has chosen it.
    """

    trial: int
    attempt: int
    rungs: tuple[int, ...] = ()
    budget: int | None = None
    asked: bool = False


class StopRequested(_Event, frozen=True, kw_only=True):
    """The trial was asked to end at its next report."""

    trial: int
    attempt: int
    reason: str


class KillRequested(_Event, frozen=True, kw_only=True):
    """The trial's runner is to be killed.

    The trial ran longer than it may, or did not react to a pause or a stop in time.
    """

    trial: int
    attempt: int
    reason: str


class TrialStopped(_Event, frozen=True, kw_only=True):
    """The trial ended because it was asked to. ``folder`` is the folder that it used, or empty."""

    trial: int
    attempt: int
    reason: str = ""
    folder: str = ""
    seconds: float | None = None


class TrialFinished(_Event, frozen=True, kw_only=True):
    """The trial ran to its end.

    ``metrics`` holds the numbers that it returned, and ``notes`` what it returned beside them: texts and None.
    ``folder`` is the folder that it used, or empty.
    """

    trial: int
    attempt: int
    metrics: dict[str, float] = {}
    notes: dict[str, str | None] = {}
    folder: str = ""
    seconds: float | None = None


class TrialFailed(_Event, frozen=True, kw_only=True):
    """The trial has failed. ``metrics`` holds what it returned, if it lacks only the study's metric."""

    trial: int
    attempt: int
    failure: Failure
    metrics: dict[str, float] = {}
    seconds: float | None = None


class TrialLost(_Event, frozen=True, kw_only=True):
    """The attempt was lost, and the trial is queued again.

    Its worker was lost or its driver has ended. ``crashed`` says that the trial itself may have caused that, and
    ``raised`` that it raised an exception after which it is tried again. ``spoiled`` says that the process in which it
    raised an exception looks spoiled, so that it is tried again in a fresh one. ``ran`` says that it had begun, as far
    as is known.
    """

    trial: int
    attempt: int
    cause: str
    crashed: bool = False
    raised: bool = False
    spoiled: bool = False
    ran: bool = True


Event = (
    StudyCreated
    | StudyOpened
    | StudyExtended
    | LimitsChanged
    | RuleAnswered
    | StudyClosed
    | WorkerJoined
    | WorkerLost
    | WorkerRenewed
    | WorkerGrown
    | PlanRequested
    | PlanReceived
    | TrialQueued
    | TrialStarted
    | Reported
    | Logged
    | PauseRequested
    | TrialPaused
    | SaveBegun
    | CheckpointSaved
    | SaveFailed
    | PauseFailed
    | WentBackFurther
    | TrialResumed
    | StopRequested
    | KillRequested
    | TrialStopped
    | TrialFinished
    | TrialFailed
    | TrialLost
)
