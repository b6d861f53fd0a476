"""The four seams, as protocols: what to try, how far to run it, where it runs, where its events are kept.

Anything with these methods fits; `trimma.testing` holds the suites that say whether it fits well. Beside them stand
`History`, by which policies and views see what is known of a study, and `Inbox`, by which people in other processes ask
something of a study that runs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct
from numpy.random import Generator

from trimma.clock import Clock
from trimma.commands import Grow, Plan, Renew, Send, Start
from trimma.events import Event, RuleAnswered, StudyClosed
from trimma.facts import Fact
from trimma.program import Program
from trimma.reports import Scores
from trimma.requests import Request
from trimma.sessions import Session, Stay
from trimma.space import Space
from trimma.spec import StudySpec
from trimma.trial import State, Trial


class Trials(Protocol):
    """Trials by their id. Iteration is in the order in which they were chosen."""

    def __getitem__(self, trial: int, /) -> Trial: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Trial]: ...


class History(Protocol):
    """What is known of one study, or of one part of it. It is read only: only new events change it.

    The reports of trials can be read in two ways. A trial's ``curve`` holds all its metrics, without the reports of
    lost attempts. ``scores`` holds the study's metric for all trials in the order of arrival, so that a policy can take
    in only what is new since it last looked.
    """

    def __len__(self) -> int:
        """How many events of the study have been folded in."""
        ...

    def part(self, **place: Any) -> "History":
        """The history of those trials whose place has these values.

        The same values always give the same object. What it tells of trials (their number, the best, scores, counts) is
        about this part only. It is kept up to date event by event, so its cost doesn't grow with the other parts. Trial
        ids, ``spec``, ``sessions``, ``workers`` and ``room`` are those of the whole study.
        """
        ...

    @property
    def spec(self) -> StudySpec:
        """What the study asks, with the limits of the latest session."""
        ...

    @property
    def original(self) -> StudySpec:
        """The spec with the limits with which the study was created."""
        ...

    @property
    def created(self) -> float:
        """When the study was created, in seconds since the epoch."""
        ...

    @property
    def program(self) -> bytes | None:
        """The pickled program as it was stored, or None when it was too large to keep."""
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
    def ids(self) -> Sequence[int]:
        """The ids of all trials, in the order in which they were queued."""
        ...

    @property
    def chosen(self) -> int:
        """How many suggestions have been taken: new trials, and paused trials that went on."""
        ...

    @property
    def scores(self) -> Scores: ...

    @property
    def ended(self) -> Sequence[int]:
        """The ids of the trials that have ended, in the order in which they ended."""
        ...

    @property
    def best(self) -> Trial | None:
        """The trial with the best finite value among those of the highest fidelity. Of equals, the first to end.

        So it is a trial that is done. Only if none is done with a finite value, it is a stopped one.
        """
        ...

    @property
    def fidelity(self) -> float:
        """The highest fidelity of the trials that ended with a finite value. Only trials of this fidelity are compared.

        It is infinity if one of them is done, and minus infinity if there is none (see `trimma.trial.fidelity`).
        """
        ...

    @property
    def best_by_end(self) -> Sequence[float]:
        """The best value of the trials that are done, after each trial's end in the order of ``ended``.

        It is NaN as long as there is none.
        """
        ...

    @property
    def best_reached(self) -> float | None:
        """The best finite value that some trial is sure to keep.

        That is the best value of the trials that are done, and also any reported value where a trial's best value
        counts.
        """
        ...

    @property
    def counts(self) -> Mapping[State, int]: ...

    @property
    def queued(self) -> Mapping[int, Trial]: ...

    @property
    def running(self) -> Mapping[int, Trial]:
        """The running trials by id. The one that has been running longest comes first."""
        ...

    @property
    def pausing(self) -> Mapping[int, Trial]:
        """The trials by id that were asked to pause and have not done so yet. The one asked first comes first."""
        ...

    @property
    def paused(self) -> Mapping[int, Trial]:
        """The paused trials by id, which may go on. The one that has been paused longest comes first."""
        ...

    @property
    def stopping(self) -> Mapping[int, Trial]:
        """The trials by id that were asked to stop and have not done so yet. The one asked first comes first."""
        ...

    @property
    def workers(self) -> Mapping[str, Stay]:
        """The workers that are there now."""
        ...

    @property
    def idle(self) -> Mapping[str, None]:
        """The names of the workers without a trial, as keys. The one that has been idle longest comes first."""
        ...

    @property
    def renewing(self) -> Mapping[str, None]:
        """The names of the workers that will join again with a fresh process, as keys."""
        ...

    @property
    def awaiting_fresh(self) -> Mapping[int, None]:
        """The ids of the queued trials that are to run in a fresh process, as keys."""
        ...

    @property
    def exonerated(self) -> Mapping[tuple[str, str, str], int]:
        """For failures that are alike, how often a fresh process has made no difference, by their likeness."""
        ...

    @property
    def worker_limit(self) -> int | None:
        """How many workers this session may use, if somebody asked for a limit. None means no limit."""
        ...

    @property
    def free(self) -> int:
        """How many of the idle workers may be used."""
        ...

    @property
    def planning(self) -> int | None:
        """How many events the plan that is being made beside the loop may know. None when no plan is being made."""
        ...

    @property
    def ahead(self) -> int:
        """How many suggestions to have ready before a worker is idle, when plans are made beside the loop."""
        ...

    @property
    def fruitless(self) -> bool:
        """Whether the last plan that was made beside the loop was empty, and nothing has changed since then."""
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
        """How the study was closed. None while it is open, and when its driver was killed."""
        ...

    @property
    def own_rules(self) -> Mapping[str, str]:
        """The user's own stopping rules that are met, by their names, each with its reason."""
        ...

    @property
    def failed_rule(self) -> RuleAnswered | None:
        """The answer of an own stopping rule that raised an exception in the latest session, None if there is none."""
        ...

    @property
    def live_count(self) -> int:
        """How many trials are queued or on workers."""
        ...

    @property
    def most_ranks(self) -> int:
        """The largest number of ranks that a trial of the study has."""
        ...

    @property
    def wanted(self) -> int:
        """How many workers are needed by the trials that are queued or on workers."""
        ...

    @property
    def room(self) -> int | None:
        """How many new trials the study may still have. None means any number."""
        ...

    def on_workers(self) -> list[Trial]:
        """The trials that are on workers: they are running, pausing or stopping."""
        ...

    def trial_on(self, worker: str) -> Trial | None:
        """The trial on ``worker``, or None. It searches all live trials, so use it for rare events only."""
        ...

    def better(self, left: float, right: float | None) -> bool:
        """Whether ``left`` is finite and strictly better than ``right``."""
        ...

    def active_seconds(self, now: float) -> float:
        """How many seconds drivers have worked on the study, up to ``now`` if the study is open."""
        ...

    def moment_after(self, active_seconds: float) -> float:
        """When this session, if it lasts, will have brought the study to ``active_seconds`` of work."""
        ...


class Suggestion(Struct, frozen=True, kw_only=True):
    """A config to try. The trial waits for a verdict at each step in ``rungs``.

    The trial ends at step ``budget``, if that isn't None. ``config`` holds arguments of the objective and nothing else.
    ``place`` says which part of the study the trial belongs to, and may hold a policy's own marks. It is plain JSON.
    With ``parent``, the id of another trial, the new trial begins from the latest checkpoint of that one, or at the
    beginning if it has none.

    ``branch`` is the index of the branch of the space that the config comes from. ``hidden`` holds the values of
    variables that don't show in the config because only a `Derived` uses them. The trial runs on ``ranks`` workers at
    the same time, and starts when that many are idle.

    With ``resume``, the id of a paused trial, there is no new trial. The paused one goes on with its own config, and
    only ``rungs`` and ``budget`` are used.
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
    """A plan that was made beside the loop has arrived. ``plan`` is the request that it answers."""

    plan: Plan
    suggestions: tuple[Suggestion, ...]


News = Fact | Planned
"""What `Engine.poll` returns: facts, and plans that were made beside the loop."""


class Decision(StrEnum):
    """What a trial that has just reported is to do."""

    CONTINUE = "continue"
    PAUSE = "pause"
    STOP = "stop"


class Verdict(Struct, frozen=True, gc=False):
    """What a trial that has just reported is to do, and why, in words for the user."""

    decision: Decision
    reason: str = ""


CONTINUE = Verdict(Decision.CONTINUE)


class Searcher(Protocol):
    """Says what to try."""

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        """New configs for up to ``free`` workers. None are suggested when there is nothing (more) to try for now.

        ``rng`` derives from the study's seed and the number of suggestions taken so far. A searcher that has no other
        source of randomness makes the same suggestions after a crash as it would have made without one.
        """
        ...


class GivesUp(Protocol):
    """A searcher that says itself when its study should be given up.

    It replaces the general rule, which is `trimma.core.failing_alike`.
    """

    def hopeless(self, history: History) -> str | None:
        """Why the study should be given up, in words for the user, or None when it should go on.

        It is called after each batch of facts.
        """
        ...


class Scheduler(Protocol):
    """Says how far each trial runs."""

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        """What up to ``free`` idle workers should start. The scheduler asks its searcher for new configs.

        ``history.room`` says how many new trials the study may still have. New trials beyond that number are dropped,
        but paused trials may always go on.
        """
        ...

    def verdict(self, history: History, trial: Trial) -> Verdict:
        """Whether ``trial`` goes on. Its newest report of the study's metric is already in ``history``."""
        ...


RenewSetting = int | Literal["failure"] | None
"""When a worker gets a fresh process: after a failure that looks like that of its process, also after each so many
trials, or never."""


class Engine(Protocol):
    """Runs trials on workers. Only one thread uses an engine, except for `tell`, and only `poll` may wait.

    An engine that can give its workers fresh processes has an attribute ``renew``, a `RenewSetting`.
    """

    @property
    def capacity(self) -> int:
        """How many workers there will be when all have joined."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock whose time this engine's facts arrive in."""
        ...

    def open(self, program: Program) -> None:
        """Start the workers. When a worker is ready, this or a later `poll` returns a `Joined` fact."""
        ...

    def carry_out(self, command: Start | Send | Grow | Renew) -> None:
        """Do what the study has decided.

        `Start`: begin an attempt on the workers of the job, which have joined and are idle. Only an engine with ``gangs
        = True`` is given jobs with several workers. It tells the end of such an attempt once, when all its ranks have
        ended. When one of the workers leaves, the engine is sent KILL for the attempt. It then tells for each other
        worker of the attempt that it has left and has joined again.

        `Send`: pass a signal on to an attempt. An attempt that isn't running any more ignores it.

        `Grow`: have room for this many workers. An engine that can't have so many has as many as it can.

        `Renew`: give an idle worker a fresh process, and tell that it has joined when it is ready. That it left isn't
        told. Only an engine that has the attribute ``renew`` is given this command.
        """
        ...

    def tell(self, fact: News, after: float = 0.0) -> None:
        """Let `poll` return ``fact`` after ``after`` seconds of this engine's time. Any thread may call this.

        It does nothing when the engine isn't open.
        """
        ...

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[News]:
        """Wait until something has happened, for at most ``timeout`` seconds, and return it.

        A ``timeout`` of None sets no limit. ``demand`` is how many workers the study could use from now on, None for
        any number. An engine may let idle workers beyond it go, and need not replace lost ones. It may return early
        with nothing. An engine that waits in real time does so several times a second, so that ctrl-C and live views
        work.
        """
        ...

    def close(self) -> None:
        """Let all workers go, by force after a short grace period. Closing twice does nothing."""
        ...


class Planner(Protocol):
    """Makes plans while the loop goes on, because a scheduler may take seconds to make one.

    ``beside`` says whether plans are made this way. Otherwise they are made within the loop.
    """

    @property
    def beside(self) -> bool: ...

    def plan(self, request: Plan) -> None:
        """Begin to make a plan. The engine is told a `Planned` when the plan is ready."""
        ...

    def check(self) -> None:
        """Raise the error of a plan that could not be made, if there was one."""
        ...

    def close(self) -> None:
        """Make no more plans. This doesn't wait for one that is being made."""
        ...


class Store(Protocol):
    """Keeps the events of studies."""

    def append(self, study: str, events: Sequence[Event], expected: int) -> None:
        """Add events, all or none, to a study.

        Raises `StudyBusy` unless the study holds exactly ``expected`` events.
        """
        ...

    def read(self, study: str, after: int = 0) -> Iterator[Event]:
        """The events of a study without the first ``after`` ones, oldest first. An unknown study has none."""
        ...

    def studies(self) -> Mapping[str, str | None]:
        """The names of all studies, oldest first. The value says who is writing the study, or is None."""
        ...

    def claim(self, study: str) -> AbstractContextManager[None]:
        """Be the only writer of the study while the context lasts.

        Raises `StudyBusy`, which names the present writer, when there is one.
        """
        ...

    def delete(self, study: str, first: Callable[[], None] = ...) -> None:
        """Delete a study. Nothing happens when it is unknown. Raises `StudyBusy` while somebody writes it.

        The study is claimed meanwhile. ``first`` is called then, before anything is deleted (default: do nothing). An
        exception that it raises keeps the study, and is passed on.
        """
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
    """The settings of a searcher, from which `bind` makes the searcher of one study.

    Plans are made beside the loop once they turn out to be slow, or from the beginning if the settings have ``slow =
    True`` (see `trimma.planners`). For that the settings are bound a second time, and another thread uses that
    searcher.
    """

    def bind(self, space: Space, seed: int, trials: int | None) -> Searcher: ...


class BindsSearcher(Protocol):
    """The settings of a scheduler, from which `bind` makes the scheduler of one study."""

    def bind(self, searcher: Searcher) -> Scheduler: ...


Observer = Callable[[Sequence[Event], History, float], None]
"""Called after each turn of the loop. It is given the events that were stored since the last call (there may be none),
the history with these events, and the time. It must not change the history."""
