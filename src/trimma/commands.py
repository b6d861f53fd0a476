"""Commands: what the core wants done. They are carried out after the events of their step are stored."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from trimma.checkpoint import Checkpoint


class Job(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """One attempt at a trial, for one worker, or for several workers of which each runs one rank.

    ``config`` holds the arguments of the objective, and ``place`` says which part of the study the trial belongs to.
    The objective waits for a signal at each step in ``rungs``, and ends at step ``budget``, if that isn't None. The
    attempt goes on from the last of its ``checkpoints`` that can be read. Without one it begins at the beginning.
    ``stays`` holds the number of the stay of each of the ``workers``: in another stay the job isn't run.

    Jobs travel, so ``config`` and ``place`` are plain JSON, in which tuples are marked as `trimma.tuples_in_json` says.
    Whoever hands them to the objective restores the tuples, as `trimma.worker.attempt` does.
    """

    trial: int
    attempt: int
    workers: tuple[str, ...]
    stays: tuple[int, ...] = ()
    config: dict[str, Any]
    place: dict[str, Any] = {}
    rungs: tuple[int, ...] = ()
    budget: int | None = None
    checkpoints: tuple[Checkpoint, ...] = ()

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The last checkpoint, or None."""
        return self.checkpoints[-1] if self.checkpoints else None

    @property
    def worker(self) -> str:
        """The worker of rank 0."""
        return self.workers[0]

    def stay_of(self, worker: str) -> int:
        """The number of the stay for which the job is meant, of one of its workers."""
        return self.stays[self.workers.index(worker)]


class Signal(StrEnum):
    """What a running attempt is told. The names are like those of the operating system's signals.

    CONTINUE lets an attempt that waits at a rung go on. PAUSE lets it save a checkpoint and end at its next report.
    STOP lets it end at its next report. KILL ends it at once.
    """

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
    """Have room for this many workers. More workers are started only when they are needed."""

    workers: int


class Renew(Struct, frozen=True, kw_only=True, tag=True):
    """Give an idle worker a fresh process. The worker has been taken out of the study, and joins again."""

    worker: str


class Plan(Struct, frozen=True, kw_only=True):
    """Have the scheduler say what up to ``free`` workers should start, knowing the first ``known`` events.

    ``study``, and when its session was ``opened``, tell it from what another study on the same engine has asked for.
    """

    study: str
    opened: float
    known: int
    free: int


class Close(Struct, frozen=True, kw_only=True):
    """Let all workers go, because the study has ended for now."""


Command = Start | Send | Grow | Renew | Plan | Close
