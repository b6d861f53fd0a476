"""The best trials as a table in the terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from trimma.display.config_text import setting, varying
from trimma.display.numbers_and_durations import NOTHING, number
from trimma.display.short_text import shorten
from trimma.display.terminal.table_style import GAP, STATE_COLOURS, plain_column, plain_table
from trimma.ports import History
from trimma.space import Dimension
from trimma.views import Row

CELL = 18  # the greatest width of a hyperparameter's column


def best_trials_table(
    history: History, best: Sequence[Row], scales: Sequence[Dimension], width: int, title: str = "best"
) -> Table:
    """The rows of a leaderboard, with as many hyperparameters as ``width`` columns have room for.

    A trial that can't be compared with the best has no place. Each hyperparameter has a column. The heading of the last
    column says how many are left out.
    """
    metric = history.spec.metric.name
    table = plain_table(title, "trial", metric, "steps", "state")
    rows = [
        [str(row.rank or NOTHING), str(row.trial), number(row.value), str(row.steps), row.state.value] for row in best
    ]
    configs = [varying(history, history.trials[row.trial], scales) for row in best]
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


def _styled(row: list[str]) -> list[Text]:
    place, trial, value, steps, state = row
    return [Text(place), Text(trial), Text(value, "bold"), Text(steps), Text(state, STATE_COLOURS.get(state, ""))]


def _fitting(cells: dict[str, list[str]], room: int) -> tuple[list[str], int]:
    """The first names whose columns fit, and how many are left out. The count of those needs room as well."""
    shown: list[str] = []
    for place, (name, column) in enumerate(cells.items()):
        left = len(cells) - place - 1
        needed = min(CELL, max(map(len, [name, *column])))
        if needed + (GAP + len(f"+{left}") if left else 0) > room:
            break
        shown.append(name)
        room -= needed + GAP
    return shown, len(cells) - len(shown)
