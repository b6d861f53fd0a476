"""The differences of single repeats, beside what was estimated from them."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from trimma.display.differences import change_words, precision
from trimma.display.plots.forest import LEGEND, difference_axis, estimates, hints, note, shade
from trimma.display.plots.theme import Figure, empty, figure, scatter
from trimma.display.plots.verdicts import LOOKS, component_axis, groups, label
from trimma.display.text import one_line
from trimma.effects import Conclusion
from trimma.views import EffectRow, Findings, paired

ROW = 34  # pixels a component
BELOW = 0.2  # how far below its points an interval stands
SPREAD = 0.16

Points = Mapping[str, Sequence[tuple[int, float]]]


def repeats(found: Findings) -> Figure:
    """A point for each repeat of each component, and below them the estimate with its interval.

    A point is the difference of two trainings that share a repeat, so what the repeat does to both isn't in it.
    """
    rows = found.ordered
    title = f"{change_words(found)}, repeat by repeat"
    points = paired(found.asked, found.cells, found.order)
    every = [difference for each in points.values() for _, difference in each]
    if not every:
        return empty(title, "no repeat has both sides of a comparison yet")
    digits = precision(rows)
    result = figure(title, note(found), height=190 + ROW * max(3, len(rows)), hovermode="closest")
    result.update_layout(
        margin={"b": 95, "t": 92},
        xaxis=difference_axis(found, rows, every),
        yaxis=component_axis(rows, [label(row) for row in rows]),
        legend=LEGEND,
    )
    shade(result, found)
    for conclusion, name, group in groups(found, rows):
        result.add_trace(_single(conclusion, group, points, found, len(every)))
        result.add_trace(estimates(conclusion, name, group, digits, BELOW))
    hints(result, found)
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
    return scatter(count)(
        x=[difference for *_, difference in flat],
        y=[place - BELOW / 2 + _aside(repeat) for place, _, repeat, _ in flat],
        text=[
            f"{escape(one_line(name), quote=False)}, repeat {repeat}<br>{metric} {difference:+.4g}"
            for _, name, repeat, difference in flat
        ],
        mode="markers",
        marker={"color": LOOKS[conclusion].colour, "size": 6, "opacity": 0.55},
        showlegend=False,
        hovertemplate="%{text}<extra></extra>",
    )


def _aside(repeat: int) -> float:
    """A shift that spreads repeats evenly: the golden ratio's multiples."""
    return SPREAD * (2 * (repeat * 0.6180339887 % 1) - 1)
