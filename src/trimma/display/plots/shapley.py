"""Shapley values as bars."""

from html import escape
from typing import Any

from trimma.display.differences import design_words, precision
from trimma.display.plots.forest import LEGEND, difference_axis, hints, note, shade
from trimma.display.plots.theme import Figure, empty, figure, graph_objects
from trimma.display.plots.verdicts import LOOKS, ROW, component_axis, groups, hover, label
from trimma.errors import StudyError
from trimma.views import Findings

SHAPLEY = "shapley"
HATCHES = {"helps": "", "hurts": "/", "equivalent": ".", "undecided": "x"}


def shapley(found: Findings) -> Figure:
    """What leaving out each component changes, averaged over sampled orders, with its error.

    Raises `StudyError` where the design samples no orders.
    """
    if found.asked.analysis != SHAPLEY:
        raise StudyError(
            f"study {found.name!r} has no Shapley values, for its design is {design_words(found.asked)}: run an "
            "ablation with design='shapley'"
        )
    title = f"Shapley values: change in {found.metric.name} when left out"
    rows = [row for row in found.ordered if row.difference is not None]
    if not rows:
        return empty(title, "no component can be compared yet")
    digits = precision(rows)
    result = figure(title, note(found) + _sum(found), height=190 + ROW * max(3, len(rows)), hovermode="closest")
    result.update_layout(
        margin={"b": 95, "t": 92},
        bargap=0.35,
        barmode="overlay",
        xaxis=difference_axis(found, rows),
        yaxis=component_axis(rows, [label(row) for row in rows]),
        legend=LEGEND,
    )
    shade(result, found)
    for conclusion, name, group in groups(found, rows):
        look = LOOKS[conclusion]
        error: dict[str, Any] = {
            "type": "data",
            "symmetric": False,
            "array": [0 if row.high is None else row.high - (row.difference or 0.0) for _, row in group],
            "arrayminus": [0 if row.low is None else (row.difference or 0.0) - row.low for _, row in group],
            "color": "#444444",
            "thickness": 1.5,
            "width": 4,
        }
        result.add_trace(
            graph_objects().Bar(
                orientation="h",
                x=[row.difference for _, row in group],
                y=[place for place, _ in group],
                width=0.62,
                error_x=error,
                text=[hover(row, digits) for _, row in group],
                textposition="none",
                name=name,
                marker={
                    "color": look.colour,
                    "opacity": 0.8,
                    "pattern": {"shape": HATCHES[conclusion.value], "fgcolor": "white", "size": 6, "solidity": 0.3},
                },
                showlegend=True,
                hovertemplate="%{text}<extra></extra>",
            )
        )
    hints(result, found)
    return result


def _sum(found: Findings) -> str:
    """What they add up to, where none is unknown."""
    known = [row.difference for row in found.rows if row.difference is not None]
    if len(known) < len(found.asked.components):
        return ""
    total = sum(known)
    return f"; they add up to {precision(found.rows).signed(total)} in {escape(found.metric.name, quote=False)}"
