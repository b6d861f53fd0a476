"""The forest plot: what each component is worth, with its interval."""

from collections.abc import Sequence
from html import escape
from typing import Any

from trimma.display.differences import MINUS, Precision, change_words, confidence_text, plan_words, precision, sides
from trimma.display.plots.theme import GREY, Figure, empty, figure, graph_objects
from trimma.display.plots.verdicts import BAND, LOOKS, ROW, component_axis, gap_text, groups, hover, label
from trimma.effects import Conclusion
from trimma.views import EffectRow, Findings

LEGEND = {"x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"}


def forest(found: Findings) -> Figure:
    """A point and an interval for each component, by falling worth, with the numbers beside them.

    Verdicts differ in colour and in shape. Zero is a line; what lies in the shaded band is too small to matter, where
    the smallest difference that matters is known.
    """
    rows, title = found.ordered, change_words(found)
    if not any(row.difference is not None or row.worth is not None for row in rows):
        return empty(title, "no component can be compared with the whole yet")
    digits = precision(rows)
    numbers = [_numbers(row, digits) for row in rows]
    result = figure(title, note(found), height=190 + ROW * max(3, len(rows)), hovermode="closest")
    result.update_layout(
        margin={"r": 36 + 7 * max(map(len, numbers)), "b": 95, "t": 92},
        xaxis=difference_axis(found, rows),
        yaxis=component_axis(rows, [label(row) for row in rows]),
        legend=LEGEND,
    )
    shade(result, found)
    for conclusion, name, group in groups(found, rows):
        result.add_trace(estimates(conclusion, name, group, digits))
    for place, text in enumerate(numbers):
        result.add_annotation(
            x=1.0, xref="paper", xanchor="left", xshift=14, y=place, text=text, showarrow=False, font={"size": 12}
        )
    hints(result, found)
    return result


def note(found: Findings) -> str:
    """What points and lines are."""
    if any(row.low is not None for row in found.rows):
        return (
            f"{plan_words(found.asked)}; lines are simultaneous {confidence_text(found.analysis.confidence)} intervals"
        )
    return f"{plan_words(found.asked)}; too few repeats for intervals"


def difference_axis(found: Findings, rows: Sequence[EffectRow], more: Sequence[float] = ()) -> dict[str, Any]:
    """The axis of differences; it holds zero, all intervals, and the band of what is too small to matter."""
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


def shade(result: Figure, found: Findings) -> None:
    """Shade what is too small to matter."""
    if found.analysis.smallest is not None:
        band = found.analysis.smallest
        result.add_vrect(x0=-band, x1=band, fillcolor=BAND, line_width=0, layer="below")


def hints(result: Figure, found: Findings) -> None:
    """Say above the plot what lies left and right of zero."""
    left, right = sides(found)
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


def estimates(
    conclusion: Conclusion, name: str, group: Sequence[tuple[int, EffectRow]], digits: Precision, below: float = 0.0
) -> Any:
    """Points with intervals, ``below`` the places of their components."""
    look = LOOKS[conclusion]
    known = [(place, row, row.difference) for place, row in group if row.difference is not None]
    return graph_objects().Scatter(
        x=[difference for _, _, difference in known],
        y=[place + below for place, _, _ in known],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [0 if row.high is None else row.high - difference for _, row, difference in known],
            "arrayminus": [0 if row.low is None else difference - row.low for _, row, difference in known],
            "color": look.colour,
            "thickness": 1.8,
            "width": 4,
        },
        text=[hover(row, digits) for _, row, _ in known],
        name=name,
        mode="markers",
        marker={"color": look.colour, "symbol": look.symbol, "size": 10, "line": {"width": 2, "color": look.colour}},
        showlegend=True,
        hovertemplate="%{text}<extra></extra>",
    )


def _numbers(row: EffectRow, digits: Precision) -> str:
    if row.difference is None:
        return gap_text(row)
    interval = "" if row.low is None else f" {digits.interval(row.low, row.high)}"
    return f"{digits.signed(row.difference)}{interval}".replace("-", MINUS)
