"""What the core wants done, after its events are stored."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from trimma.checkpoint import Checkpoint


class Job(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """One attempt at a trial, for one worker, or for several of which each is a rank of it.

    ``config`` holds arguments of the objective, ``place`` the part of the study that the trial belongs to. The
    objective waits for a signal at each of ``rungs``. With a ``checkpoint`` the attempt goes on from there, else it
    begins at the beginning.
    """

    trial: int
    attempt: int
    workers: tuple[str, ...]
    config: dict[str, Any]
    place: dict[str, Any] = {}
    rungs: tuple[int, ...] = ()
    budget: int | None = None
    checkpoint: Checkpoint | None = None

    @property
    def worker(self) -> str:
        """The worker of rank 0."""
        return self.workers[0]


class Signal(StrEnum):
    """Named like the operating system's: go on (at a rung), save and end at the next report, end there, end now."""

    CONTINUE = "continue"
    PAUSE = "pause"
    STOP = "stop"
    KILL = "kill"


class Start(Struct, frozen=True, kw_only=True):
    """Begin an attempt."""

    job: Job


class Send(Struct, frozen=True, kw_only=True, tag=True):
    """Pass a signal on to an attempt."""

    trial: int
    attempt: int
    signal: Signal


class Grow(Struct, frozen=True, kw_only=True):
    """Have room for so many workers, where there is less: more of them are started as they are wanted."""

    workers: int


class Close(Struct, frozen=True, kw_only=True):
    """Nothing more will come: let the workers go."""


Command = Start | Send | Grow | Close
