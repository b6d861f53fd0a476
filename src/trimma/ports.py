"""The four seams: what to try, how far to run it, where it runs, and where its events are kept.

Anything with these methods fits; `trimma.testing` holds the suites that say whether it fits well.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct
from numpy.random import Generator

from trimma.clock import Clock
from trimma.commands import Job, Signal
from trimma.events import Event
from trimma.facts import Fact
from trimma.history import History
from trimma.program import Program
from trimma.space import Space
from trimma.trial import Trial


class Suggestion(Struct, frozen=True, kw_only=True):
    """A config to try, at most for ``budget`` steps, waiting for a verdict at each of ``rungs``.

    ``branch`` is the index of the space's branch that it came from; ``hidden`` holds the values of variables
    that don't show in the config because only a `Derived` uses them. With ``resume``, the id of a paused trial, it
    is that trial that goes on, with its own config.
    """

    config: dict[str, Any] = {}
    resume: int | None = None
    branch: int = 0
    hidden: dict[str, Any] = {}
    rungs: tuple[int, ...] = ()
    budget: int | None = None


class Decision(StrEnum):
    """What may become of a trial that has reported."""

    CONTINUE = "continue"
    PAUSE = "pause"
    STOP = "stop"


class Verdict(Struct, frozen=True, gc=False):
    """What becomes of a trial that has just reported, and why, in words for the user."""

    decision: Decision
    reason: str = ""


CONTINUE = Verdict(Decision.CONTINUE)


class Searcher(Protocol):
    """What to try."""

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        """New configs for up to ``free`` workers; none when there is nothing (more) to try for now.

        ``rng`` derives from the study's seed and the number of trials so far: a function of nothing else goes
        on after a crash as it would have without one.
        """
        ...


class Scheduler(Protocol):
    """How far each trial runs."""

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        """What up to ``free`` idle workers should start; the scheduler asks its searcher for what is new.

        ``history.room`` says how many new trials the study may still have: what is suggested beyond them is
        dropped. Paused trials may go on in any case.
        """
        ...

    def verdict(self, history: History, trial: Trial) -> Verdict:
        """Whether ``trial``, whose newest report of the study's metric is in ``history``, goes on."""
        ...


class Engine(Protocol):
    """Where trials run. One thread uses an engine; only `poll` may wait."""

    @property
    def capacity(self) -> int:
        """How many workers there will be when all have joined."""
        ...

    @property
    def clock(self) -> Clock:
        """The time by which this engine's facts arrive."""
        ...

    def open(self, program: Program) -> None:
        """Start the workers; each is told of by a `Joined` fact when it is ready, now or in a later `poll`."""
        ...

    def start(self, job: Job) -> None:
        """Begin an attempt on ``job.worker``, which has joined and is idle."""
        ...

    def signal(self, trial: int, attempt: int, signal: Signal) -> None:
        """Pass a signal on; an attempt that isn't running any more ignores it."""
        ...

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[Fact]:
        """Wait until something has happened, for at most ``timeout`` seconds, and tell it.

        ``demand`` is how many workers the study could use from now on, None for any number: an engine may let
        idle workers beyond it go, and need not replace lost ones. It may come back early with nothing; one that
        waits in real time does so several times a second, for ctrl-C and for live views.
        """
        ...

    def close(self) -> None:
        """Let all workers go, by force after a short grace. Closing twice does nothing."""
        ...


class Store(Protocol):
    """Where the events of studies live."""

    def append(self, study: str, events: Sequence[Event], expected: int) -> None:
        """Add events, all or none, to a study that holds ``expected`` events; `StudyBusy` if it holds others."""
        ...

    def read(self, study: str, after: int = 0) -> Iterator[Event]:
        """The events of a study from number ``after`` on, oldest first; none for an unknown study."""
        ...

    def studies(self) -> Mapping[str, str | None]:
        """The names of all studies, oldest first, each with who is writing it now, in words; None for nobody."""
        ...

    def claim(self, study: str) -> AbstractContextManager[None]:
        """Be the study's one writer while the context lasts; `StudyBusy` names who is."""
        ...

    def delete(self, study: str) -> None:
        """Forget a study, known or not; `StudyBusy` while somebody else writes it."""
        ...


class BindsSpace(Protocol):
    """A searcher's settings, to be bound to the space of a study."""

    def bind(self, space: Space, seed: int, trials: int | None) -> Searcher: ...


class BindsSearcher(Protocol):
    """A scheduler's settings, to be bound to the searcher of a study."""

    def bind(self, searcher: Searcher) -> Scheduler: ...


Observer = Callable[[Sequence[Event], History, float], None]
"""Called after each turn of the loop with the events that were stored since the last call, of which there may be none,
the history that they are folded into, and the time; it may look, not change."""
