"""Facts: what an engine tells the core. Runners send most of them, and the engine adds joins and losses.

``rank`` is the rank that a fact of a distributed attempt comes from, and 0 for any other attempt. Reports and printed
text come from all ranks. The end of an attempt is told once, when all its ranks have ended. When a rank dies, the
engine tells that its worker has left.

``seconds`` is how long the objective ran, as its worker measured it, or None when that isn't known.
"""

from msgspec import Struct

from trimma.events import Failure
from trimma.requests import Request


class Joined(Struct, frozen=True, kw_only=True, tag=True):
    """A worker is ready for a trial. ``host`` is the machine that it is on, or empty when that isn't known.

    ``stay`` numbers its stays in the study, so that a job which was meant for an earlier one is told from others.
    """

    worker: str
    host: str = ""
    stay: int = 0


class Left(Struct, frozen=True, kw_only=True, tag=True):
    """A worker is gone, and so is the attempt that ran on it.

    ``crashed`` says that this attempt may have brought the worker down, and ``ran`` that it had begun there, as far as
    is known. ``stay`` is the number of the stay that is over, or None where the worker is gone whatever its stay.
    """

    worker: str
    cause: str
    crashed: bool = True
    ran: bool = True
    stay: int | None = None


class Measured(Struct, frozen=True, kw_only=True, tag=True):
    """The objective has reported metrics at a step."""

    trial: int
    attempt: int
    step: int
    metrics: dict[str, float]
    rank: int = 0


class Printed(Struct, frozen=True, kw_only=True, tag=True):
    """The objective has printed or logged text."""

    trial: int
    attempt: int
    text: str
    rank: int = 0


class Grown(Struct, frozen=True, kw_only=True, tag=True):
    """The process in which the trial runs holds more memory than after its first trial. This is told before its end.

    It holds ``more`` bytes more, after so many ``trials``. ``exceeded`` says that this is more than it may hold.
    """

    trial: int
    attempt: int
    more: int
    trials: int
    exceeded: bool
    rank: int = 0


class Returned(Struct, frozen=True, kw_only=True, tag=True):
    """The objective ran to its end. ``metrics`` holds the numbers that it returned, and ``notes`` all else.

    ``folder`` is the folder that it used, or empty.
    """

    trial: int
    attempt: int
    metrics: dict[str, float]
    notes: dict[str, str | None] = {}
    folder: str = ""
    seconds: float | None = None
    rank: int = 0


class Raised(Struct, frozen=True, kw_only=True, tag=True):
    """The objective raised an exception.

    ``again`` says that it is of a type after which trials are tried again, and ``of_process`` that it looks like a
    failure of the process in which the trial ran.
    """

    trial: int
    attempt: int
    failure: Failure
    again: bool = False
    of_process: bool = False
    seconds: float | None = None
    rank: int = 0


class Halted(Struct, frozen=True, kw_only=True, tag=True):
    """The objective ended because it was asked to stop, or by a `StopTrial` of its own, with that ``reason``.

    ``folder`` is the folder that it used, or empty.
    """

    trial: int
    attempt: int
    reason: str = ""
    folder: str = ""
    seconds: float | None = None
    rank: int = 0


class Paused(Struct, frozen=True, kw_only=True, tag=True):
    """The objective ended because it was asked to pause. If it could save a checkpoint, that was told before."""

    trial: int
    attempt: int
    seconds: float | None = None
    rank: int = 0


class Saving(Struct, frozen=True, kw_only=True, tag=True):
    """The objective has begun to save a checkpoint after the report of a ``step``."""

    trial: int
    attempt: int
    step: int
    rank: int = 0


class Saved(Struct, frozen=True, kw_only=True, tag=True):
    """The checkpoint whose saving was told last is complete. ``size`` is in bytes; saving took so many ``seconds``."""

    trial: int
    attempt: int
    step: int
    size: int
    seconds: float
    rank: int = 0


class NotSaved(Struct, frozen=True, kw_only=True, tag=True):
    """The checkpoint whose saving was told last could not be saved. The trial goes on.

    ``pausing`` says that it was asked to pause, and goes on instead.
    """

    trial: int
    attempt: int
    step: int
    failure: Failure
    pausing: bool = False
    rank: int = 0


class WentBack(Struct, frozen=True, kw_only=True, tag=True):
    """The attempt could not begin from the checkpoint that it was given, for this ``cause``.

    It has begun from the earlier one of ``step``, or at the beginning if that is None.
    """

    trial: int
    attempt: int
    step: int | None
    cause: str
    rank: int = 0


ENDS = (Returned, Raised, Halted, Paused)
"""The facts that end an attempt, as told by the runner in which it ran."""

OfTrial = Measured | Printed | Grown | Saving | Saved | NotSaved | WentBack | Returned | Raised | Halted | Paused
OF_TRIAL = (Measured, Printed, Grown, Saving, Saved, NotSaved, WentBack, *ENDS)
"""The facts that are about one attempt of a trial."""

FromAgent = Joined | Left | OfTrial
FROM_AGENT = (Joined, Left, *OF_TRIAL)
"""The facts that an agent may send. Nothing else is accepted from an agent."""

Fact = FromAgent | Request
