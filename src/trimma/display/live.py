"""A running study in a terminal, redrawn in place."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from trimma.display.head import counts_line, progress_line, title_line
from trimma.display.study_kind import ablation_view
from trimma.display.text import NOTHING, config_text, duration, number, varying
from trimma.display.top import COLOURS, plain_table, top_table
from trimma.events import Outcome
from trimma.ports import History
from trimma.trial import State, Trial
from trimma.views import RUNNING, Hyperparameter, Summary, hyperparameters, leaderboard, steps_of, summary

if TYPE_CHECKING:
    from trimma.display.ablation.forms import AblationView

PAUSE = 19  # the pause between two frames, as a multiple of what one takes
RUNNING_ROWS = 8
TOP_ROWS = 5
FRAME_SECONDS = 0.125
FIXED_ROWS = 9  # the lines of the frame that are neither running nor top trials


class LiveView:
    """An observer that redraws at most eight times a second, and leaves a few lines when its context ends.

    Where a frame takes long, as in a study of many trials, frames are fewer: they take a twentieth of the time.

    ``engine`` is shown beside the name; ``console`` is where to draw (default: standard error); ``clock`` gives the
    seconds by which frames are spaced, which is real time even where the study's isn't. With ``summary_follows`` no
    lines are left of a study that has finished.
    """

    def __init__(
        self,
        engine: str = "",
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        summary_follows: bool = False,
    ) -> None:
        self._engine, self._clock, self._summary_follows = engine, clock, summary_follows
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._next = 0.0
        self._latest: tuple[History, float] | None = None
        self._view: AblationView | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()
        if self._latest is None:
            return
        closed = self._latest[0].closed
        if not (self._summary_follows and closed is not None and closed.outcome is Outcome.FINISHED):
            self._console.print(final(*self._latest, self._engine, self._console.width, self._view))

    def __call__(self, history: History, now: float) -> None:
        if self._latest is None:
            self._view = ablation_view(history)
        self._latest = history, now
        moment = self._clock()
        if moment >= self._next:
            self._live.update(self._frame(history, now), refresh=True)
            drawn = self._clock()
            self._next = drawn + max(FRAME_SECONDS, PAUSE * (drawn - moment))

    def _frame(self, history: History, now: float) -> RenderableType:
        return frame(history, now, self._engine, self._console.width, self._console.height, self._view)


def frame(
    history: History,
    now: float,
    engine: str = "",
    width: int = 80,
    height: int = 24,
    view: "AblationView | None" = None,
) -> RenderableType:
    """One picture of a running study, for ``width`` columns and ``height`` lines, with a few trials at least.

    ``view`` keeps what was found in an ablation from frame to frame.
    """
    if view := view or ablation_view(history):
        return view.frame(history, now, engine, width, height)
    state, scales = summary(history, now), hyperparameters(history)
    parts: list[RenderableType] = [*_head(history, state, engine, scales)]
    ranked = min(TOP_ROWS, sum(history.counts[s] for s in (State.DONE, State.STOPPED)))
    rows = max(2, min(RUNNING_ROWS, height - FIXED_ROWS - ranked))
    if history.on_workers():
        parts += [Text(), _running(history, now, rows)]
    if ranked:
        parts += [Text(), _top(history, now, scales, width)]
    return Group(*parts)


def final(
    history: History, now: float, engine: str = "", width: int = 80, view: "AblationView | None" = None
) -> RenderableType:
    """What stays when the study is over: its name, how it went, its best (of an ablation, its components)."""
    if view := view or ablation_view(history):
        return view.final(history, now, engine, width)
    return Group(*_head(history, summary(history, now), engine, hyperparameters(history)))


def _head(history: History, state: Summary, engine: str, scales: list[Hyperparameter]) -> list[RenderableType]:
    return [title_line(state, engine), progress_line(state), counts_line(state), _best(history, state, scales)]


def _best(history: History, state: Summary, scales: list[Hyperparameter]) -> Text:
    if state.best is None:
        return Text("no trial has ended with a finite value yet" if state.status == RUNNING else "no best trial", "dim")
    config = config_text(varying(history, history.trials[state.best.trial], scales))
    text = Text.assemble(
        "best ", (number(state.best.value), "bold green"), f"  trial {state.best.trial}  ", (config, "dim")
    )
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _running(history: History, now: float, rows: int) -> RenderableType:
    on_workers = history.on_workers()
    live, more = on_workers[:rows], max(0, len(on_workers) - rows)
    table = plain_table("trial", "worker", "step", history.spec.metric.name, "time")
    for trial in live:
        steps = f"{steps_of(trial)}/{trial.budget}" if trial.budget else str(steps_of(trial))
        row = (str(trial.id), trial.worker or NOTHING, steps, number(trial.value), _lasting(trial, now))
        table.add_row(*map(Text, row), style="" if trial.state is State.RUNNING else COLOURS["stopped"])
    return Group(table, Text(f"+{more:,} more", "dim")) if more else table


def _lasting(trial: Trial, now: float) -> str:
    return duration(max(0.0, now - trial.spans[-1].start)) if trial.spans else NOTHING


def _top(history: History, now: float, scales: list[Hyperparameter], width: int) -> Table:
    rows = [row.trial for row in leaderboard(history, TOP_ROWS, now) if row.rank is not None]
    return top_table(history, rows, scales, width)
