"""The four seams: what to try, how far to run it, where it runs, and where its events are kept.

Anything with these methods fits; `trimma.testing` holds the suites that say whether it fits well. Beside them stand
`History`, by which policies and views see what is known of a study, and `Inbox`, by which people in other processes ask
something of a study that runs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct
from numpy.random import Generator

from trimma.clock import Clock
from trimma.commands import Grow, Plan, Send, Start
from trimma.events import Event, StudyClosed
from trimma.facts import Fact
from trimma.program import Program
from trimma.reports import Scores
from trimma.requests import Request
from trimma.sessions import Session, Stay
from trimma.space import Space
from trimma.spec import StudySpec
from trimma.trial import State, Trial


class Trials(Protocol):
    """Trials by their id; iterating goes through them in the order in which they were chosen."""

    def __getitem__(self, trial: int, /) -> Trial: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Trial]: ...


class History(Protocol):
    """What is known of one study, or of one part of it. Read only: the study's events are the way to change it.

    A trial's reports stand twice: by trial, with all metrics, in its curve (of the attempt that counts), and in
    ``scores``, the study's metric in the order of arrival, which lets a policy take in only what is new since it last
    looked.
    """

    def __len__(self) -> int:
        """How many events of the study have been folded in."""
        ...

    def part(self, **place: Any) -> "History":
        """The trials whose place has these values, as a history of the same shape.

        It is always the same object for the same values. All that it says of trials (their number, the best, scores,
        counts) is of the part, and kept up to date event by event, so that its cost doesn't grow with the other parts.
        Ids are those of the study. Spec, sessions, workers and ``room`` are the study's own.
        """
        ...

    @property
    def spec(self) -> StudySpec:
        """What the study asks, with the limits of the latest session."""
        ...

    @property
    def original(self) -> StudySpec:
        """The spec as the study was created."""
        ...

    @property
    def program(self) -> bytes | None:
        """The pickled program as it was stored; None where it was too large to keep."""
        ...

    @property
    def maximize(self) -> bool: ...

    @property
    def trials(self) -> Trials:
        """All trials. In a whole study a trial's id is its index."""
        ...

    @property
    def trial_count(self) -> int: ...

    @property
    def chosen(self) -> int:
        """How many suggestions have been taken: new trials, and paused ones that went on."""
        ...

    @property
    def scores(self) -> Scores: ...

    @property
    def ended(self) -> Sequence[int]:
        """The ids of the trials that have ended, in that order."""
        ...

    @property
    def best(self) -> Trial | None:
        """The trial that ended, done or stopped, with the best finite value; the first of equals."""
        ...

    @property
    def best_by_end(self) -> Sequence[float]:
        """The best value after each end of a trial, in the order of ``ended``; NaN before there is one."""
        ...

    @property
    def best_reported(self) -> float | None:
        """The best finite value that any trial has reported or returned."""
        ...

    @property
    def counts(self) -> Mapping[State, int]: ...

    @property
    def queued(self) -> Mapping[int, Trial]: ...

    @property
    def running(self) -> Mapping[int, Trial]:
        """The running trials, longest running first."""
        ...

    @property
    def pausing(self) -> Mapping[int, Trial]:
        """The trials asked to pause, longest ago first."""
        ...

    @property
    def paused(self) -> Mapping[int, Trial]:
        """The trials that may go on, longest paused first."""
        ...

    @property
    def stopping(self) -> Mapping[int, Trial]:
        """The trials asked to stop, longest ago first."""
        ...

    @property
    def workers(self) -> Mapping[str, Stay]:
        """The workers that are there now."""
        ...

    @property
    def idle(self) -> Mapping[str, None]:
        """The names of the workers without a trial, longest idle first."""
        ...

    @property
    def worker_limit(self) -> int | None:
        """How many workers this session may use, where it was asked to use so many; None for all that there are."""
        ...

    @property
    def free(self) -> int:
        """How many of the idle workers may be used."""
        ...

    @property
    def planning(self) -> int | None:
        """How many events the plan may know that is being made beside the loop; None where none is."""
        ...

    @property
    def ahead(self) -> int:
        """How many suggestions are wanted before a worker is idle, where plans are made beside the loop."""
        ...

    @property
    def fruitless(self) -> bool:
        """Whether the last plan that was made beside the loop had nothing to try, and nothing has changed since."""
        ...

    @property
    def stays(self) -> Sequence[Stay]:
        """Each stay of each worker, in the order of joining."""
        ...

    @property
    def sessions(self) -> Sequence[Session]: ...

    @property
    def trials_before(self) -> int:
        """How many trials there were when the latest session began."""
        ...

    @property
    def ended_before(self) -> int:
        """How many trials had ended when the latest session began."""
        ...

    @property
    def closed(self) -> StudyClosed | None:
        """How the study was closed; None while it is open (or its driver was killed)."""
        ...

    @property
    def live_count(self) -> int:
        """How many trials are queued or on workers."""
        ...

    @property
    def wanted(self) -> int:
        """How many workers the trials need that are queued or on workers."""
        ...

    @property
    def room(self) -> int | None:
        """How many new trials the study may still have; None for any number."""
        ...

    def on_workers(self) -> list[Trial]:
        """The trials that run, pause or stop."""
        ...

    def trial_on(self, worker: str) -> Trial | None:
        """The trial that runs on ``worker``. It is searched for among all that are live: for rare events only."""
        ...

    def better(self, left: float, right: float | None) -> bool:
        """Whether ``left`` is finite and strictly better than ``right``."""
        ...

    def active_seconds(self, now: float) -> float:
        """How long drivers have worked on the study, up to ``now`` when it is open."""
        ...

    def moment_after(self, active_seconds: float) -> float:
        """When this session, if it lasts, will have brought the study to so many seconds of work."""
        ...


class Suggestion(Struct, frozen=True, kw_only=True):
    """A config to try, at most for ``budget`` steps, waiting for a verdict at each of ``rungs``.

    ``config`` holds arguments of the objective and nothing else. ``place`` says which part of the study the trial
    belongs to, and may hold a policy's own marks; it is plain JSON. With ``parent``, the id of a trial, the new one
    begins from that trial's latest checkpoint, or at the beginning where it has saved none.

    ``branch`` is the index of the space's branch that it came from; ``hidden`` holds the values of variables that don't
    show in the config because only a `Derived` uses them. The trial runs on ``ranks`` workers at a time, and starts
    when so many are idle. With ``resume``, the id of a paused trial, that trial goes on with its own config, and only
    ``rungs`` and ``budget`` are heeded.
    """

    config: dict[str, Any] = {}
    place: dict[str, Any] = {}
    parent: int | None = None
    resume: int | None = None
    branch: int = 0
    hidden: dict[str, Any] = {}
    rungs: tuple[int, ...] = ()
    budget: int | None = None
    ranks: int = 1


class Planned(Struct, frozen=True, kw_only=True, tag=True):
    """A plan that was made beside the loop has arrived; ``known`` is how many events it could know."""

    known: int
    suggestions: tuple[Suggestion, ...]


News = Fact | Planned
"""What a study is told of: what has happened, and what was planned."""


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

        ``rng`` derives from the study's seed and the number of suggestions taken so far: a function of nothing else
        goes on after a crash as it would have without one.
        """
        ...


class GivesUp(Protocol):
    """A searcher that knows by itself when its study had better be given up, in place of the general rule.

    The general rule is `trimma.core.failing_alike`.
    """

    def hopeless(self, history: History) -> str | None:
        """Why the study had better be given up, in words for the user; None while there is hope.

        It is asked after each batch of facts.
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
    """Where trials run. One thread uses an engine, but for `tell`; only `poll` may wait."""

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

    def carry_out(self, command: Start | Send | Grow) -> None:
        """Do what the study has decided.

        `Start`: begin an attempt on the workers of the job, which have joined and are idle. There are several only for
        an engine that says ``gangs = True``. It tells how such an attempt ended once, when all its ranks have ended.
        When one of its workers leaves, it is sent KILL, and then tells of each other worker that it has left and has
        joined again.

        `Send`: pass a signal on to an attempt. One that isn't running any more ignores it.

        `Grow`: have room for so many workers. An engine that can't have as many has as many as it can.
        """
        ...

    def tell(self, fact: News, after: float = 0.0) -> None:
        """Have `poll` return ``fact``, ``after`` so many seconds of this engine's time; any thread may call it.

        Where nothing is open, it does nothing.
        """
        ...

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[News]:
        """Wait until something has happened, for at most ``timeout`` seconds, and tell it.

        ``demand`` is how many workers the study could use from now on, None for any number: an engine may let
        idle workers beyond it go, and need not replace lost ones. It may come back early with nothing; one that
        waits in real time does so several times a second, for ctrl-C and for live views.
        """
        ...

    def close(self) -> None:
        """Let all workers go, by force after a short grace. Closing twice does nothing."""
        ...


class Planner(Protocol):
    """Makes plans beside the loop, which goes on meanwhile: a scheduler may take seconds to say what is to be tried.

    ``beside`` says whether plans are to be made so, or at once, within the loop.
    """

    @property
    def beside(self) -> bool: ...

    def plan(self, request: Plan) -> None:
        """Begin to make a plan; the engine is told the `Planned` when it is ready."""
        ...

    def check(self) -> None:
        """Raise what a plan that was being made has raised."""
        ...

    def close(self) -> None:
        """Make no more plans. One that is being made isn't waited for."""
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


@runtime_checkable
class Inbox(Protocol):
    """What a store has besides, where people may ask something of a study that another process runs.

    Requests are no events: they are kept only until the process that runs the study has taken them.
    """

    def ask(self, study: str, request: Request) -> None:
        """Keep a request for whoever writes the study; `StudyNotFound` for an unknown study."""
        ...

    def take_requests(self, study: str) -> Sequence[Request]:
        """Hand out the requests to a study, oldest first, and forget them; none for an unknown study.

        The study's one writer calls it several times a second, so it must cost little where there are none.
        """
        ...


class BindsSpace(Protocol):
    """A searcher's settings, to be bound to the space of a study.

    Settings that say ``slow = True`` are asked beside the loop from the beginning, all others once they have turned out
    to be slow (see `trimma.planners`). They are bound once more for that, and asked by a thread of its own.
    """

    def bind(self, space: Space, seed: int, trials: int | None) -> Searcher: ...


class BindsSearcher(Protocol):
    """A scheduler's settings, to be bound to the searcher of a study."""

    def bind(self, searcher: Searcher) -> Scheduler: ...


Observer = Callable[[Sequence[Event], History, float], None]
"""Called after each turn of the loop with the events that were stored since the last call, of which there may be none,
the history that they are folded into, and the time; it may look, not change."""
