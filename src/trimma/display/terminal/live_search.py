"""The live view of a search: how far it is, what runs, and its best trials."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trimma.display.config_text import config_text, varying
from trimma.display.nothing_to_judge import nothing_to_judge
from trimma.display.numbers_and_durations import NOTHING, duration, number
from trimma.display.terminal.best_trials import best_trials_table
from trimma.display.terminal.progress_header import counts_line, progress_line, title_line
from trimma.display.terminal.table_style import STATE_COLOURS, plain_table
from trimma.display.worker_notices import latest_notice
from trimma.ports import History
from trimma.space import Dimension
from trimma.trial import State, Trial
from trimma.views import RUNNING, Summary, hyperparameters, leaderboard, steps_of, summary

RUNNING_ROWS = 8
TOP_ROWS = 5
FIXED_ROWS = 9  # the lines of the frame that are neither running nor top trials


def search_frame(history: History, now: float, engine: str, width: int, height: int) -> RenderableType:
    """One picture of a running search, for ``width`` columns and ``height`` lines."""
    state, scales = summary(history, now), hyperparameters(history)
    parts: list[RenderableType] = [*_head(history, state, engine, scales)]
    if unjudged := nothing_to_judge(history):
        parts.append(Text(unjudged, "yellow"))
    if renewed := latest_notice(history):
        parts.append(Text(renewed, "yellow", no_wrap=True, overflow="ellipsis"))
    ranked = min(TOP_ROWS, sum(history.counts[s] for s in (State.DONE, State.STOPPED)))
    rows = max(2, min(RUNNING_ROWS, height - FIXED_ROWS - ranked))
    if history.on_workers():
        parts += [Text(), _running(history, now, rows)]
    if ranked:
        parts += [Text(), _top(history, now, scales, width)]
    return Group(*parts)


def search_final(history: History, now: float, engine: str) -> RenderableType:
    """What stays when the search is over: its title, how it went, and its best trial."""
    return Group(*_head(history, summary(history, now), engine, hyperparameters(history)))


def _head(history: History, state: Summary, engine: str, scales: list[Dimension]) -> list[RenderableType]:
    return [title_line(state, engine), progress_line(state), counts_line(state), _best(history, state, scales)]


def _best(history: History, state: Summary, scales: list[Dimension]) -> Text:
    if state.best is None:
        return Text("no trial has ended with a finite value yet" if state.status == RUNNING else "no best trial", "dim")
    best = history.trials[state.best.trial]
    config = config_text(varying(history, best, scales))
    stopped = ", stopped" if best.state is State.STOPPED else ""
    text = Text.assemble(
        "best ", (number(state.best.value), "bold green"), f"  trial {best.id}{stopped}  ", (config, "dim")
    )
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _running(history: History, now: float, rows: int) -> RenderableType:
    on_workers = history.on_workers()
    live, more = on_workers[:rows], max(0, len(on_workers) - rows)
    table = plain_table("trial", "worker", "step", history.spec.metric.name, "time")
    for trial in live:
        steps = f"{steps_of(trial)}/{trial.budget}" if trial.budget else str(steps_of(trial))
        row = (str(trial.id), " + ".join(trial.workers) or NOTHING, steps, number(trial.value), _lasting(trial, now))
        table.add_row(*map(Text, row), style="" if trial.state is State.RUNNING else STATE_COLOURS["stopped"])
    return Group(table, Text(f"+{more:,} more", "dim")) if more else table


def _lasting(trial: Trial, now: float) -> str:
    return duration(max(0.0, now - trial.spans[-1].start)) if trial.spans else NOTHING


def _top(history: History, now: float, scales: list[Dimension], width: int) -> Table:
    rows = leaderboard(history, TOP_ROWS, now, only_ended=True)
    return best_trials_table(history, rows, scales, width)
