"""The forest plot: what each component is worth, with its interval."""

from collections.abc import Sequence
from typing import Any

from trimma.ablation.findings import EffectRow, Findings
from trimma.display.ablation_findings_words import change_words
from trimma.display.intervals_and_p_values import MINUS, Precision, precision
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
from trimma.display.plots.verdict_looks import VERDICT_LOOKS, by_verdict, component_hover, why_no_difference
from trimma.display.top_and_bottom import shown_rows
from trimma.effects import Conclusion


def forest(found: Findings) -> Figure:
    """A point and an interval for each component, in the order of their worth, with the numbers beside them.

    Of many components those at both ends are shown.

    Verdicts differ in colour and in shape. A line stands at zero. Where the smallest difference that matters is known,
    a band shades the differences that are too small to matter.
    """
    rows, title = shown_rows(found), change_words(found)
    if not any(row.difference is not None or row.worth is not None for row in rows):
        return empty_figure(title, "no component can be compared with the whole yet")
    digits = precision(rows)
    numbers = [_numbers(row, digits) for row in rows]
    result = figure(title, interval_note(found), height=190 + ROW * max(3, len(rows)), hovermode="closest")
    result.update_layout(
        margin={"r": 36 + 7 * max(map(len, numbers)), "b": 95, "t": 92},
        xaxis=difference_axis(found, rows),
        yaxis=component_axis(rows, [component_label(row) for row in rows]),
        legend=LEGEND,
    )
    shade_too_small(result, found)
    for conclusion, name, group in by_verdict(found, rows):
        result.add_trace(estimate_trace(conclusion, name, group, digits))
    for place, text in enumerate(numbers):
        result.add_annotation(
            x=1.0, xref="paper", xanchor="left", xshift=14, y=place, text=text, showarrow=False, font={"size": 12}
        )
    label_sides(result, found)
    return result


def estimate_trace(
    conclusion: Conclusion, name: str, group: Sequence[tuple[int, EffectRow]], digits: Precision, below: float = 0.0
) -> Any:
    """A trace of points with their intervals. ``below`` moves it down from the places of the components."""
    look = VERDICT_LOOKS[conclusion]
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
        text=[component_hover(row, digits) for _, row, _ in known],
        name=name,
        mode="markers",
        marker={"color": look.colour, "symbol": look.symbol, "size": 10, "line": {"width": 2, "color": look.colour}},
        showlegend=True,
        hovertemplate="%{text}<extra></extra>",
    )


def _numbers(row: EffectRow, digits: Precision) -> str:
    if row.difference is None:
        return why_no_difference(row)
    interval = "" if row.low is None else f" {digits.interval(row.low, row.high)}"
    return f"{digits.signed(row.difference)}{interval}".replace("-", MINUS)
