"""What has happened to a study. The store keeps nothing else; all that can be shown is folded from these.

``at`` is in seconds since the epoch, as the driver saw it; ``seconds`` is how long the objective took, where it ran.
"""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from trimma.spec import StudySpec
from trimma.stopping import Rule


class Failure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a trial failed: the exception's type (or ``Crash``, ``Timeout``), its message, its traceback."""

    kind: str
    message: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class Outcome(StrEnum):
    """How a study was closed."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class StudyCreated(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The first event of each study. ``program`` is the pickled program, where it is small enough to keep."""

    at: float
    spec: StudySpec
    program: bytes | None = None


class StudyOpened(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """A driver took the study up, with these limits: whatever ran under an earlier driver runs no more."""

    at: float
    trials: int | None = None
    until: Rule | None = None


class StudyExtended(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The study asks for more from here on: ``asked`` and ``planned`` are as for `StudySpec`.

    ``program`` is as for `StudyCreated`.
    """

    at: float
    asked: dict[str, Any]
    planned: int | None = None
    program: bytes | None = None


class LimitsChanged(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Somebody asked for another number of trials in all, or of workers; None where that stays as it was."""

    at: float
    trials: int | None = None
    workers: int | None = None


class StudyClosed(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Nothing more happens to the study, unless it is opened again."""

    at: float
    outcome: Outcome
    reason: str


class WorkerJoined(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """A worker is ready for trials. ``host`` is the machine that it is on, empty where its engine doesn't say."""

    at: float
    worker: str
    host: str = ""


class WorkerLost(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """A worker is gone."""

    at: float
    worker: str
    cause: str


class PlanRequested(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The scheduler was asked, beside the loop, for up to ``free`` suggestions.

    What it may know is what stands in the log up to here.
    """

    at: float
    free: int


class PlanReceived(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The answer to the last request has come, with so many ``suggestions``; those that still fit follow."""

    at: float
    suggestions: int


class TrialQueued(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """A config was chosen. ``rungs`` are the steps at which the trial waits for a verdict.

    ``place`` says which part of the study the trial belongs to; it begins from the checkpoint of ``parent``, if any. It
    runs on as many workers at a time as it has ``ranks``.
    """

    at: float
    trial: int
    config: dict[str, Any]
    place: dict[str, Any] = {}
    parent: int | None = None
    branch: int = 0
    hidden: dict[str, Any] = {}
    rungs: tuple[int, ...] = ()
    budget: int | None = None
    ranks: int = 1


class TrialStarted(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """An attempt at the trial began on these workers, one for each rank."""

    at: float
    trial: int
    attempt: int
    workers: tuple[str, ...]


class Reported(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """One rank of the trial told its metrics at a step."""

    at: float
    trial: int
    attempt: int
    step: int
    metrics: dict[str, float]
    rank: int = 0


class Logged(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Text that one rank of the trial printed or logged."""

    at: float
    trial: int
    attempt: int
    text: str
    rank: int = 0


class PauseRequested(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The trial is to save itself and make room, at its next report."""

    at: float
    trial: int
    attempt: int
    reason: str


class TrialPaused(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The attempt made room; ``checkpoint`` is the folder from which the trial can go on, None where none was saved."""

    at: float
    trial: int
    attempt: int
    checkpoint: str | None = None
    seconds: float | None = None


class TrialResumed(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """A paused trial was chosen to go on, with these rungs and this budget."""

    at: float
    trial: int
    attempt: int
    rungs: tuple[int, ...] = ()
    budget: int | None = None


class StopRequested(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The trial is to end at its next report."""

    at: float
    trial: int
    attempt: int
    reason: str


class KillRequested(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The trial's runner is to be killed: it ran over its time, or did not heed a stop."""

    at: float
    trial: int
    attempt: int
    reason: str


class TrialStopped(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The trial ended because it was asked to."""

    at: float
    trial: int
    attempt: int
    reason: str = ""
    seconds: float | None = None


class TrialFinished(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The trial ran to its end; ``metrics`` is what it returned, empty when it returned nothing."""

    at: float
    trial: int
    attempt: int
    metrics: dict[str, float] = {}
    seconds: float | None = None


class TrialFailed(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The trial ended without a value, for the reason given; ``metrics`` is what it returned all the same."""

    at: float
    trial: int
    attempt: int
    failure: Failure
    metrics: dict[str, float] = {}
    seconds: float | None = None


class TrialLost(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """The attempt ended without the trial's doing (or by a crash: ``crashed``); the trial is queued again."""

    at: float
    trial: int
    attempt: int
    cause: str
    crashed: bool = False


Event = (
    StudyCreated
    | StudyOpened
    | StudyExtended
    | LimitsChanged
    | StudyClosed
    | WorkerJoined
    | WorkerLost
    | PlanRequested
    | PlanReceived
    | TrialQueued
    | TrialStarted
    | Reported
    | Logged
    | PauseRequested
    | TrialPaused
    | TrialResumed
    | StopRequested
    | KillRequested
    | TrialStopped
    | TrialFinished
    | TrialFailed
    | TrialLost
)
