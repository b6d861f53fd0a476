"""The best trials as a terminal table."""

from collections.abc import Sequence
from typing import Literal

from rich.table import Table
from rich.text import Text

from trimma.display.text import number, setting, shorten, varying
from trimma.history import History
from trimma.space import Dimension
from trimma.views import steps_of

COLOURS = {"running": "cyan", "stopping": "yellow", "done": "green", "stopped": "yellow", "failed": "red"}
GAP = 2
CELL = 18  # the widest that one hyperparameter may be


def top_table(
    history: History, trials: Sequence[int], scales: Sequence[Dimension], width: int, title: str = "best"
) -> Table:
    """The trials in the order given, with a column for each hyperparameter that ``width`` columns have room for."""
    metric = history.spec.metric.name
    table = plain_table(title, "trial", metric, "steps", "state")
    rows = [
        [str(place), str(trial.id), number(trial.value), str(steps_of(trial)), trial.state.value]
        for place, trial in enumerate((history.trials[number_] for number_ in trials), start=1)
    ]
    configs = [varying(history, history.trials[number_], scales) for number_ in trials]
    names = list(dict.fromkeys(name for config in configs for name in config))
    cells = {name: [setting(config[name]) if name in config else "" for config in configs] for name in names}
    widths = [max(map(len, column)) for column in zip((title, "trial", metric, "steps", "state"), *rows, strict=True)]
    shown, left_out = _fitting(cells, width - sum(widths) - GAP * len(widths))
    for name in shown:
        plain_column(table, shorten(name, CELL), right=False)
    if left_out:
        plain_column(table, f"+{left_out}", right=False)
    for place, row in enumerate(rows):
        config = [Text(shorten(cells[name][place], CELL)) for name in shown]
        table.add_row(*_styled(row), *config, *([""] * bool(left_out)))
    return table


def plain_table(*names: str) -> Table:
    """A table without lines; numbers stand to the right."""
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    for name in names:
        plain_column(table, name, right=name not in ("worker", "state"))
    return table


def plain_column(table: Table, name: str, *, right: bool) -> None:
    """One more column, whose cells are cut rather than wrapped."""
    justify: Literal["left", "right"] = "right" if right else "left"
    table.add_column(Text(name), justify=justify, no_wrap=True, overflow="ellipsis")


def _styled(row: list[str]) -> list[Text]:
    place, trial, value, steps, state = row
    return [Text(place), Text(trial), Text(value, "bold"), Text(steps), Text(state, COLOURS.get(state, ""))]


def _fitting(cells: dict[str, list[str]], room: int) -> tuple[list[str], int]:
    """The first names whose columns fit, and how many don't; a count of those takes its room, too."""
    shown: list[str] = []
    for place, (name, column) in enumerate(cells.items()):
        left = len(cells) - place - 1
        needed = min(CELL, max(map(len, [name, *column])))
        if needed + (GAP + len(f"+{left}") if left else 0) > room:
            break
        shown.append(name)
        room -= needed + GAP
    return shown, len(cells) - len(shown)
