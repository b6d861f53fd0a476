"""An ablation's table in Markdown."""

import re

from trimma.ablation.findings import Findings
from trimma.display.ablation.extremes import extreme_lines
from trimma.display.ablation.grid import NUMBERS, Grid, component_grid, pair_grid
from trimma.display.ablation.words import conclusion, heading, method_lines, plan

RIGHT = (*NUMBERS, "probability", "tier")


def markdown(found: Findings) -> str:
    """The table with what it shows above and how it was found below it; names of decided components are bold."""
    parts = [
        f"{_escaped(heading(found))} {_escaped(plan(found))}",
        _table(component_grid(found)),
        _escaped(conclusion(found)),
    ]
    if pairs := pair_grid(found):
        parts.append(_table(pairs))
    if lines := extreme_lines(found):
        parts.append("\n".join(f"- {_escaped(line)}" for line in lines))
    if notes := method_lines(found):
        parts.append(_escaped(" ".join(notes)))
    return "\n\n".join(parts) + "\n"


def _table(grid: Grid) -> str:
    columns = {
        name: [head, *(grid.column(name) if name in RIGHT else map(_escaped, grid.column(name)))]
        for name, head in grid.heads.items()
    }
    for place, line in enumerate(grid.lines, start=1):
        if line.decided:
            columns["component"][place] = f"**{columns['component'][place]}**"
    widths = {name: max(3, *map(len, cells)) for name, cells in columns.items()}
    rule = [f"{'-' * (widths[name] - 1)}:" if name in RIGHT else "-" * widths[name] for name in columns]
    lines = [
        [f"{cells[place]:{'>' if name in RIGHT else '<'}{widths[name]}}" for name, cells in columns.items()]
        for place in range(len(grid.lines) + 1)
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [lines[0], rule, *lines[1:]])


def _escaped(text: str) -> str:
    """Text whose signs mean nothing to Markdown."""
    return re.sub(r"([\\`*_|<\[\]])", r"\\\1", text)
