"""An ablation in a notebook: one small table that brings its own style."""

from html import escape

from trimma.ablation.findings import Findings, findings
from trimma.display.ablation.extremes import extreme_lines
from trimma.display.ablation.grid import NUMBERS, component_grid
from trimma.display.ablation.words import conclusion, heading, method_lines, plan
from trimma.display.differences import MINUS
from trimma.display.html_parts import QUIET, TABLE, cell, headline, status_line
from trimma.display.workers import worker_lines
from trimma.ports import History
from trimma.views import summary

LEFT_OUT = ("probability", "tier")
WIDEST = 50


def ablation_html(history: History, *, lost: bool = False) -> str:
    """The ablation as an HTML fragment: how it stands, and what each component is worth."""
    state, found = summary(history, lost=lost), findings(history)
    parts = [headline(state), status_line(state, worker_lines(history)), *fragments(found)]
    return f"<div style='color:inherit;background:transparent;overflow-x:auto'>{''.join(parts)}</div>"


def fragments(found: Findings) -> list[str]:
    """What is known of the components."""
    if not found.cells:
        return [_quiet(plan(found)), _quiet("No training has ended yet.")]
    lines = [conclusion(found), *extreme_lines(found), *method_lines(found)]
    return [_quiet(plan(found)), _quiet(heading(found)), _table(found), *map(_quiet, lines)]


def _table(found: Findings) -> str:
    grid = component_grid(found)
    names = [name for name in grid.heads if name not in LEFT_OUT]
    rows = ["".join(cell("th", grid.heads[name], right=name in NUMBERS) for name in names)]
    for line in grid.lines:
        texts = {name: line.cells[name] for name in names}
        for name in NUMBERS:
            if name in texts:
                texts[name] = texts[name].replace("-", MINUS) if texts[name] != "-" else "-"
        cells = [
            cell("td", text, right=name in NUMBERS, bold=line.decided and name == "component", widest=WIDEST)
            for name, text in texts.items()
        ]
        rows.append("".join(cells))
    lines = "".join(f"<tr style='background:transparent'>{row}</tr>" for row in rows)
    return f"<table style='{TABLE}'>{lines}</table>"


def _quiet(text: str) -> str:
    return f"<div style='{QUIET};font-size:12px;margin:4px 0'>{escape(text)}</div>"
