"""The components of an ablation as a table in the terminal, as rich as the width allows."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from trimma.ablation.findings import EffectRow, Findings
from trimma.display.ablation_findings_words import meaning_of_signs
from trimma.display.intervals_and_p_values import confidence_text, p_text, precision
from trimma.display.numbers_and_durations import NOTHING
from trimma.display.short_text import one_line, squeeze
from trimma.display.terminal.interval_bars import bar_legend, interval_bar, scale_of
from trimma.display.terminal.table_style import GAP, plain_column, plain_table
from trimma.display.top_and_bottom import shown_rows
from trimma.effects import Conclusion

STYLES = {
    Conclusion.HELPS: "green",
    Conclusion.HURTS: "red",
    Conclusion.EQUIVALENT: "cyan",
    Conclusion.UNDECIDED: "dim",
}
NAME = 24  # the greatest width of a component's name
BAR, WIDEST_BAR = 13, 41

FIRST_WORDS, PLAIN = "verdict in words", "verdict"
LAYOUTS = (
    ("difference", "interval", "bar", "p", "repeats", FIRST_WORDS),
    ("difference", "interval", "bar", "p", "repeats", PLAIN),
    ("difference", "interval", "bar", "repeats", PLAIN),
    ("difference", "interval", "bar", PLAIN),
    ("difference", "bar", PLAIN),
    ("difference", "interval", PLAIN),
    ("difference", PLAIN),
)
"""The columns beside the name, from the layout that needs most room to the one that needs least."""


class _Column(NamedTuple):
    title: str
    cells: list[str]
    right: bool

    @property
    def width(self) -> int:
        return max(map(len, [self.title, *self.cells]))


def effects_table(found: Findings, width: int, rows: Sequence[EffectRow] | None = None) -> Table:
    """A table with a row for each component, by default in the order of their worth, of many those at both ends.

    It takes at most ``width`` columns, where that is possible at all. A bar shows each interval, all on one scale, with
    a mark by its verdict: ● helps, ◆ hurts, ■ equivalent, ○ undecided.
    """
    shown = shown_rows(found) if rows is None else list(rows)
    columns = _columns(found, shown)
    names = _Column("component", [squeeze(one_line(row.component), NAME) for row in shown], right=False)
    layout, room = _layout(columns, names.width, width)
    table = plain_table()
    plain_column(table, names.title, right=False)
    scale = scale_of(found.rows)
    for part in layout:
        title = bar_legend(room, scale, *meaning_of_signs(found)) if part == "bar" else columns[part].title
        plain_column(table, title, right=part != "bar" and columns[part].right)
    for place, row in enumerate(shown):
        style = STYLES[row.conclusion]
        cells = [Text(names.cells[place], "bold" if row.decided else "")]
        for part in layout:
            text = interval_bar(row, scale, room) if part == "bar" else columns[part].cells[place]
            cells.append(Text(text, style if part in ("bar", FIRST_WORDS, PLAIN) else ""))
        table.add_row(*cells)
    return table


def _layout(columns: dict[str, _Column], name: int, width: int) -> tuple[Sequence[str], int]:
    """The richest layout that fits, and how wide its bars are."""
    silent = {part for part, column in columns.items() if set(column.cells) <= {NOTHING}}
    for full in LAYOUTS:
        layout = [part for part in full if part not in silent]
        taken = name + sum(GAP + (0 if part == "bar" else columns[part].width) for part in layout)
        room = min(WIDEST_BAR, width - taken)
        if room >= (BAR if "bar" in layout else 0):
            return layout, room
    return LAYOUTS[-1], 0  # it is wider than the room there is, and gets cut


def _columns(found: Findings, rows: Sequence[EffectRow]) -> dict[str, _Column]:
    digits = precision(found.rows)
    interval = f"{confidence_text(found.analysis.confidence)} interval"
    return {
        "difference": _Column("difference", [digits.signed(row.difference) for row in rows], right=True),
        "interval": _Column(interval, [digits.interval(row.low, row.high) for row in rows], right=True),
        "p": _Column("p", [p_text(row.p) for row in rows], right=True),
        "repeats": _Column("repeats", [f"{row.repeats}{_missing(row)}" for row in rows], right=True),
        FIRST_WORDS: _Column("verdict", [row.words for row in rows], right=False),
        PLAIN: _Column("verdict", [row.conclusion.value for row in rows], right=False),
    }


def _missing(row: EffectRow) -> str:
    return (f", {row.failures} failed" if row.failures else "") + (f", {row.censored} cut" if row.censored else "")
