"""What pictures with a row for each component share: labels, axes, the legend and the shaded band."""

from collections.abc import Sequence
from html import escape
from typing import Any

from trimma.ablation.findings import EffectRow, Findings
from trimma.display.ablation_design_words import plan_words
from trimma.display.ablation_findings_words import meaning_of_signs
from trimma.display.intervals_and_p_values import confidence_text
from trimma.display.plots.theme import GREY, Figure
from trimma.display.short_text import one_line, squeeze
from trimma.display.top_and_bottom import not_shown_words

ROW = 26  # pixels for each component
LABEL = 34  # the greatest width of a component's name
BAND = "rgba(0,158,115,0.12)"
LEGEND = {"x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"}


def component_label(row: EffectRow) -> str:
    """The component's name with its number of comparisons, failed trainings and trainings that were stopped early."""
    parts = [f"n = {row.repeats}"]
    parts += [f"{row.failures} failed"] if row.failures else []
    parts += [f"{row.censored} stopped early"] if row.censored else []
    name = escape(squeeze(one_line(row.component), LABEL), quote=False)
    return f"{name} <span style='font-size:11px;color:{GREY}'>({', '.join(parts)})</span>"


def component_axis(rows: list[EffectRow], labels: list[str]) -> dict[str, Any]:
    """The axis on which the components stand from top to bottom."""
    return {
        "tickvals": list(range(len(rows))),
        "ticktext": labels,
        "range": [len(rows) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "ticklabelstandoff": 6,
    }


def interval_note(found: Findings) -> str:
    """The note below the title: the plan, and what the lines are."""
    plan = "; ".join(filter(None, [plan_words(found), not_shown_words(found)]))
    if any(row.low is not None for row in found.rows):
        return f"{plan}; lines are simultaneous {confidence_text(found.analysis.confidence)} intervals"
    return f"{plan}; too few repeats for intervals"


def difference_axis(found: Findings, rows: Sequence[EffectRow], more: Sequence[float] = ()) -> dict[str, Any]:
    """The axis of differences. It holds zero, all intervals, and the band of what is too small to matter."""
    band = [found.analysis.smallest or 0.0, -(found.analysis.smallest or 0.0)]
    values = [value for row in rows for value in (row.low, row.difference, row.high) if value is not None]
    low, high = min([*band, *values, *more]), max([*band, *values, *more])
    margin = 0.06 * (high - low) or 1.0
    metric = escape(found.metric.name, quote=False)
    return {
        "title": {"text": f"difference in {metric}", "standoff": 8},
        "range": [low - margin, high + margin],
        "zeroline": True,
        "zerolinewidth": 1.5,
        "zerolinecolor": "#444444",
        "zerolinelayer": "below traces",
    }


def shade_too_small(result: Figure, found: Findings) -> None:
    """Shade the band of differences that are too small to matter."""
    if found.analysis.smallest is not None:
        band = found.analysis.smallest
        result.add_vrect(x0=-band, x1=band, fillcolor=BAND, line_width=0, layer="below")


def label_sides(result: Figure, found: Findings) -> None:
    """Say above the plot what lies to the left and to the right of zero."""
    left, right = meaning_of_signs(found)
    for text, x, anchor in ((f"◂ {left}", 0.0, "left"), (f"{right} ▸", 1.0, "right")):
        result.add_annotation(
            text=text,
            x=x,
            xref="paper",
            xanchor=anchor,
            y=1.0,
            yref="paper",
            yanchor="bottom",
            showarrow=False,
            font={"size": 12, "color": GREY},
        )
