"""The differences in single repeats, beside the estimates that were made from them."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from trimma.ablation.findings import EffectRow, Findings, paired
from trimma.display.ablation_findings_words import change_words
from trimma.display.intervals_and_p_values import precision
from trimma.display.plots.component_layout import (
    LEGEND,
    component_axis,
    component_label,
    difference_axis,
    interval_note,
    label_sides,
    shade_too_small,
)
from trimma.display.plots.forest_plot import estimate_trace
from trimma.display.plots.theme import Figure, empty_figure, figure, scatter_class
from trimma.display.plots.verdict_looks import VERDICT_LOOKS, by_verdict
from trimma.display.short_text import one_line
from trimma.display.top_and_bottom import shown_rows
from trimma.effects import Conclusion

ROW = 34  # pixels a component
BELOW = 0.2  # how far below its points an interval stands
SPREAD = 0.16

Points = Mapping[str, Sequence[tuple[int, float]]]


def repeats(found: Findings) -> Figure:
    """A point for each repeat of each component and, below the points, the estimate with its interval.

    A point is the difference between two trainings that share a repeat, so the effect of the repeat itself cancels out.
    """
    rows = shown_rows(found)
    title = f"{change_words(found)}, repeat by repeat"
    points = paired(found.asked, found.cells, found.order)
    every = [difference for row in rows for _, difference in points.get(row.component, ())]
    if not every:
        return empty_figure(title, "no repeat has both sides of a comparison yet")
    digits = precision(rows)
    result = figure(title, interval_note(found), height=190 + ROW * max(3, len(rows)), hovermode="closest")
    result.update_layout(
        margin={"b": 95, "t": 92},
        xaxis=difference_axis(found, rows, every),
        yaxis=component_axis(rows, [component_label(row) for row in rows]),
        legend=LEGEND,
    )
    shade_too_small(result, found)
    for conclusion, name, group in by_verdict(found, rows):
        result.add_trace(_single(conclusion, group, points, found, len(every)))
        result.add_trace(estimate_trace(conclusion, name, group, digits, BELOW))
    label_sides(result, found)
    return result


def _single(
    conclusion: Conclusion, group: Sequence[tuple[int, EffectRow]], points: Points, found: Findings, count: int
) -> Any:
    metric = escape(one_line(found.metric.name), quote=False)
    flat = [
        (place, row.component, repeat, difference)
        for place, row in group
        for repeat, difference in points.get(row.component, ())
    ]
    return scatter_class(count)(
        x=[difference for *_, difference in flat],
        y=[place - BELOW / 2 + _aside(repeat) for place, _, repeat, _ in flat],
        text=[
            f"{escape(one_line(name), quote=False)}, repeat {repeat}<br>{metric} {difference:+.4g}"
            for _, name, repeat, difference in flat
        ],
        mode="markers",
        marker={"color": VERDICT_LOOKS[conclusion].colour, "size": 6, "opacity": 0.55},
        showlegend=False,
        hovertemplate="%{text}<extra></extra>",
    )


def _aside(repeat: int) -> float:
    """A shift that spreads the repeats evenly. It takes multiples of the golden ratio."""
    return SPREAD * (2 * (repeat * 0.6180339887 % 1) - 1)
