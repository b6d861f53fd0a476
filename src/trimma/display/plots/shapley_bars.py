"""Shapley values as bars."""

from html import escape
from typing import Any

from trimma.ablation.findings import Findings
from trimma.display.ablation_design_words import design_words
from trimma.display.intervals_and_p_values import precision
from trimma.display.plots.component_layout import (
    LEGEND,
    ROW,
    component_axis,
    component_label,
    difference_axis,
    interval_note,
    label_sides,
    shade_too_small,
)
from trimma.display.plots.theme import Figure, empty_figure, figure, graph_objects
from trimma.display.plots.verdict_looks import VERDICT_LOOKS, by_verdict, component_hover
from trimma.display.top_and_bottom import ends
from trimma.errors import StudyError

HATCHES = {"helps": "", "hurts": "/", "equivalent": ".", "undecided": "x"}


def shapley(found: Findings) -> Figure:
    """What leaving out each component changes, averaged over sampled orders, with its error.

    Raises `StudyError` where the design samples no orders.
    """
    if "shapley" not in found.plan.pictures:
        raise StudyError(
            f"study {found.name!r} has no Shapley values, for its design is {design_words(found.asked)}: run an "
            "ablation with design='shapley'"
        )
    title = f"Shapley values: change in {found.metric.name} when left out"
    rows = ends([row for row in found.ordered if row.difference is not None])
    if not rows:
        return empty_figure(title, "no component can be compared yet")
    digits = precision(rows)
    result = figure(
        title, interval_note(found) + _sum(found), height=190 + ROW * max(3, len(rows)), hovermode="closest"
    )
    result.update_layout(
        margin={"b": 95, "t": 92},
        bargap=0.35,
        barmode="overlay",
        xaxis=difference_axis(found, rows),
        yaxis=component_axis(rows, [component_label(row) for row in rows]),
        legend=LEGEND,
    )
    shade_too_small(result, found)
    for conclusion, name, group in by_verdict(found, rows):
        look = VERDICT_LOOKS[conclusion]
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
                text=[component_hover(row, digits) for _, row in group],
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
    label_sides(result, found)
    return result


def _sum(found: Findings) -> str:
    """What the values add up to, or nothing where one of them is unknown."""
    known = [row.difference for row in found.rows if row.difference is not None]
    if len(known) < len(found.asked.components):
        return ""
    total = sum(known)
    return f"; they add up to {precision(found.rows).signed(total)} in {escape(found.metric.name, quote=False)}"
