"""What tables in the terminal share: their columns, and a colour for each state of a trial."""

from typing import Literal

from rich.table import Table
from rich.text import Text

STATE_COLOURS = {"running": "cyan", "stopping": "yellow", "done": "green", "stopped": "yellow", "failed": "red"}
GAP = 2


def plain_table(*names: str) -> Table:
    """A table without lines, with numbers aligned to the right."""
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    for name in names:
        plain_column(table, name, right=name not in ("worker", "state"))
    return table


def plain_column(table: Table, name: str, *, right: bool) -> None:
    """Add a column whose cells are cut rather than wrapped."""
    justify: Literal["left", "right"] = "right" if right else "left"
    table.add_column(Text(name), justify=justify, no_wrap=True, overflow="ellipsis")
