"""What is said of a study when it is over."""

import io

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trimma.display.outcome import counts, failed, headline, notes
from trimma.display.study_kind import ablation_view
from trimma.display.text import count, number, one_line, varying
from trimma.display.top import top_table
from trimma.display.trimmed import Trimmed
from trimma.display.workers import worker_lines
from trimma.ports import History
from trimma.views import RUNNING, Summary, hyperparameters, leaderboard, status, summary

TOP_ROWS = 5
CONFIG_ROWS = 12
NO_BEST = "ended with a finite value, so there is no best config"


def closing(
    history: History, kept: str | None = None, width: int = 80, *, top: int = TOP_ROWS, lost: bool = False
) -> RenderableType:
    """How the study went: its best config, its ``top`` trials, what stopping early saved, its workers, what failed.

    Of an ablation, what its components are worth takes the place of the best trials.

    ``kept`` is the path or name of the store; without one nothing is said of looking again. ``width`` is in columns,
    ``lost`` as for `trimma.views.status`.
    """
    if view := ablation_view(history):
        return view.closing(history, kept, width, lost=lost)
    state = summary(history, lost=lost)
    workers = worker_lines(history)
    parts: list[RenderableType] = [headline(state), counts(state, busy=not workers)]
    parts += _best(history, state)
    if state.best is not None and state.ended > 1:
        rows = [row.trial for row in leaderboard(history, top) if row.rank is not None]
        parts += [Text(), top_table(history, rows, hyperparameters(history), width, title="top")]
    parts += notes(state)
    parts += [Text(), *map(Text, workers)] if workers else []
    parts += failed(history)
    if kept:
        parts += [Text(), Text(f"Kept in {kept}. Look again with trimma.load({state.name!r}).")]
    return Trimmed(Group(*parts))


def closing_text(
    history: History, kept: str | None = None, width: int = 80, *, top: int = TOP_ROWS, lost: bool = False
) -> str:
    """The same as plain text, without control codes, in lines of at most ``width`` signs."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, force_jupyter=False)
    with console.capture() as capture:
        console.print(closing(history, kept, width, top=top, lost=lost))
    return capture.get()


def brief(history: History, *, lost: bool = False) -> str:
    """The study in one line."""
    amounts = ", ".join(f"{amount:,} {state}" for state, amount in history.counts.items() if amount) or "no trial"
    if view := ablation_view(history):
        return f"<AblationStudy {history.spec.name!r} {status(history, lost=lost)}: {amounts}; {view.tally(history)}>"
    best = ""
    if history.best is not None:
        best = f"; best {one_line(history.spec.metric.name)} {number(history.best.value, 6)}"
    return f"<Study {history.spec.name!r} {status(history, lost=lost)}: {amounts}{best}>"


def _best(history: History, state: Summary) -> list[RenderableType]:
    if state.best is None:
        none = "has ended with a finite value yet" if state.status == RUNNING else NO_BEST
        return [Text(), Text(f"No trial {none}.")]
    line = Text.assemble(
        f"Best {state.metric.name} ",
        (number(state.best.value, 6), "bold green"),
        f", from trial {state.best.trial}" + (f" after {count(state.best.steps, 'step')}" if state.best.steps else ""),
    )
    config = varying(history, history.trials[state.best.trial])
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in list(config.items())[:CONFIG_ROWS]:
        table.add_row(Text(name, "dim"), Text(one_line(repr(value))))
    if len(config) > CONFIG_ROWS:
        table.add_row(Text(f"+{len(config) - CONFIG_ROWS} more", "dim"), "")
    return [Text(), line, Padding(table, (0, 0, 0, 2))]
