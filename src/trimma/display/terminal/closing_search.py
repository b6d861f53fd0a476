"""The closing summary of a search."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trimma.display.best_trial_words import how_far
from trimma.display.config_text import varying
from trimma.display.numbers_and_durations import number
from trimma.display.short_text import one_line
from trimma.display.terminal.best_trials import best_trials_table
from trimma.display.terminal.closing_failures import failure_lines
from trimma.display.terminal.closing_outcome import outcome_headline, outcome_notes, state_counts
from trimma.display.terminal.trailing_blanks import WithoutTrailingBlanks
from trimma.display.worker_utilisation import worker_lines
from trimma.ports import History
from trimma.views import RUNNING, Summary, hyperparameters, leaderboard, summary

CONFIG_ROWS = 12
NO_BEST = "ended with a finite value, so there is no best config"


def search_closing(
    history: History, kept: str | None, width: int, *, top: int, lost: bool, again: str
) -> RenderableType:
    """How the search went: its best config and trials, what stopping early saved, its workers, and its failures.

    The arguments are those of `trimma.display.terminal.closing_summary.closing`.
    """
    state = summary(history, lost=lost)
    workers = worker_lines(history)
    parts: list[RenderableType] = [outcome_headline(state), state_counts(state, busy=not workers)]
    parts += _best(history, state)
    if state.best is not None and state.ended > 1:
        rows = leaderboard(history, top, only_ended=True)
        parts += [Text(), best_trials_table(history, rows, hyperparameters(history), width, title="top")]
    parts += outcome_notes(history, state)
    parts += [Text(), *map(Text, workers)] if workers else []
    parts += failure_lines(history)
    if kept:
        parts += [Text(), Text(f"Kept in {kept}. Look again with {again}.")]
    return WithoutTrailingBlanks(Group(*parts))


def _best(history: History, state: Summary) -> list[RenderableType]:
    if state.best is None:
        none = "has ended with a finite value yet" if state.status == RUNNING else NO_BEST
        return [Text(), Text(f"No trial {none}.")]
    best = history.trials[state.best.trial]
    line = Text.assemble(
        f"Best {state.metric.name} ",
        (number(state.best.value, 6), "bold green"),
        f", from trial {state.best.trial}{how_far(history, best)}",
    )
    config = varying(history, best)
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in list(config.items())[:CONFIG_ROWS]:
        table.add_row(Text(name, "dim"), Text(one_line(repr(value))))
    if len(config) > CONFIG_ROWS:
        table.add_row(Text(f"+{len(config) - CONFIG_ROWS} more", "dim"), "")
    folder: list[RenderableType] = []
    if best.folder is not None and history.spec.keep != 0:
        folder = [Text(f"It saved in {best.folder}")]
    return [Text(), line, Padding(table, (0, 0, 0, 2)), *folder]
