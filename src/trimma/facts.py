"""What an engine tells the core. A runner sends most of them itself; the engine adds who came and went.

``rank`` says who speaks of a distributed attempt, and is 0 for any other. Reports and printed text come from all ranks.
How the attempt ended is told once, when all its ranks have ended. Where a rank dies, its worker is told to have left.

``seconds`` is how long the objective took, where the attempt was run; None where that isn't known.
"""

from msgspec import Struct

from trimma.events import Failure
from trimma.requests import Request


class Joined(Struct, frozen=True, kw_only=True, tag=True):
    """A worker is ready for a trial. ``host`` is the machine that it is on, empty where that isn't known."""

    worker: str
    host: str = ""


class Left(Struct, frozen=True, kw_only=True, tag=True):
    """A worker is gone, with whatever ran on it; ``crashed`` says that its trial may have brought it down."""

    worker: str
    cause: str
    crashed: bool = True


class Measured(Struct, frozen=True, kw_only=True, tag=True):
    """The objective reported."""

    trial: int
    attempt: int
    step: int
    metrics: dict[str, float]
    rank: int = 0


class Printed(Struct, frozen=True, kw_only=True, tag=True):
    """The objective printed or logged."""

    trial: int
    attempt: int
    text: str
    rank: int = 0


class Returned(Struct, frozen=True, kw_only=True, tag=True):
    """The objective ran to its end."""

    trial: int
    attempt: int
    metrics: dict[str, float]
    seconds: float | None = None
    rank: int = 0


class Raised(Struct, frozen=True, kw_only=True, tag=True):
    """The objective raised."""

    trial: int
    attempt: int
    failure: Failure
    seconds: float | None = None
    rank: int = 0


class Halted(Struct, frozen=True, kw_only=True, tag=True):
    """The objective heeded a stop."""

    trial: int
    attempt: int
    seconds: float | None = None
    rank: int = 0


class Paused(Struct, frozen=True, kw_only=True, tag=True):
    """The objective heeded a pause; ``checkpoint`` is the folder that it saved itself to, if it did."""

    trial: int
    attempt: int
    checkpoint: str | None = None
    seconds: float | None = None
    rank: int = 0


FromAgent = Joined | Left | Measured | Printed | Returned | Raised | Halted | Paused
"""What an agent may tell; nothing else is taken from one."""

Fact = FromAgent | Request
