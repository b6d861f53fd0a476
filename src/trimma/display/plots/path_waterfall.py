"""The path from the bare baseline to the whole, as a waterfall."""

from collections.abc import Sequence
from html import escape
from typing import Any

from trimma.ablation.findings import EffectRow, Findings, arm_means
from trimma.display.ablation_design_words import design_words, plan_words
from trimma.display.intervals_and_p_values import MINUS, confidence_text, precision, value_precision
from trimma.display.plots.theme import GREY, Figure, empty_figure, figure, graph_objects
from trimma.display.plots.verdict_looks import VERDICT_LOOKS, component_hover
from trimma.display.short_text import one_line, squeeze
from trimma.errors import StudyError

LABEL = 22
STEEP = 8  # more labels than this stand at an angle


def path(found: Findings) -> Figure:
    """What each step from the bare baseline to the whole brought, and the value that it led to.

    A bar goes from the value before a component was put in to the value after it. The line on the bar is the interval
    of the step. Bars of steps that aren't decided are pale. Raises `StudyError` where the design follows no path.
    """
    if "path" not in found.plan.pictures:
        raise StudyError(
            f"study {found.name!r} follows no path, for its design is {design_words(found.asked)}: run an ablation "
            "with design='path'"
        )
    title = f"{found.metric.name} from the bare baseline to the whole"
    rows = [row for row in found.ordered if row.difference is not None]
    means = {frozenset(each.arm): each.mean for each in arm_means(found.cells)}
    start = means.get(frozenset(component.name for component in found.asked.components))
    if start is None:
        return empty_figure(title, "the bare baseline has no value yet")
    if not rows:
        return empty_figure(title, "no step has been decided on yet")
    levels = [start]
    for row in rows:
        levels.append(levels[-1] - (row.difference or 0.0))
    left = len(found.asked.components) - len(rows)
    last = "the whole" if not left else f"{left} still out"
    result = figure(title, _note(found), height=470, showlegend=False, hovermode="closest", bargap=0.25)
    names = ["nothing", *(f"+ {squeeze(one_line(row.component), LABEL)}" for row in rows), last]
    result.update_layout(xaxis=_axis(names), yaxis=_scale(found, rows, levels), margin={"t": 100})
    _ends(result, found, levels)
    _steps(result, rows, levels)
    return result


def _note(found: Findings) -> str:
    known = any(row.low is not None for row in found.rows)
    lines = (
        f"; lines are simultaneous {confidence_text(found.analysis.confidence)} intervals of the steps" if known else ""
    )
    return plan_words(found) + lines


def _axis(names: Sequence[str]) -> dict[str, Any]:
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [escape(name, quote=False) for name in names],
        "range": [-0.6, len(names) - 0.4],
        "tickangle": -40 if len(names) > STEEP or max(map(len, names)) > LABEL // 2 else 0,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }


def _scale(found: Findings, rows: Sequence[EffectRow], levels: Sequence[float]) -> dict[str, Any]:
    """The axis of values, which holds the steps and their intervals. Since bars float, it needn't begin at zero."""
    reached = list(levels)
    for row, before in zip(rows, levels, strict=False):
        reached += [before - bound for bound in (row.low, row.high) if bound is not None]
    margin = 0.12 * (max(reached) - min(reached)) or 0.1 * abs(reached[0]) or 1.0
    return {
        "title": {"text": escape(found.metric.name, quote=False)},
        "range": [min(reached) - margin, max(reached) + margin],
        "zeroline": False,
        "automargin": True,
    }


def _ends(result: Figure, found: Findings, levels: Sequence[float]) -> None:
    """Draw the values at both ends, and thin lines from each bar to the next."""
    digits = value_precision(levels[0], found.analysis.residual_sd or found.analysis.baseline_sd)
    last = len(levels)
    for place, level in enumerate(levels):
        result.add_shape(
            type="line",
            x0=place - 0.4,
            x1=place + 1.4,
            y0=level,
            y1=level,
            line={"color": GREY, "width": 1, "dash": "dot"},
        )
    for place, level in ((0, levels[0]), (last, levels[-1])):
        result.add_shape(
            type="line", x0=place - 0.4, x1=place + 0.4, y0=level, y1=level, line={"color": "#444444", "width": 4}
        )
        result.add_annotation(x=place, y=level, text=f"<b>{digits.plain(level)}</b>", showarrow=False, yshift=14)


def _steps(result: Figure, rows: Sequence[EffectRow], levels: Sequence[float]) -> None:
    go, digits = graph_objects(), precision(rows)
    colours = [VERDICT_LOOKS[row.conclusion].colour for row in rows]
    gains = [-(row.difference or 0.0) for row in rows]
    places = list(range(1, len(rows) + 1))
    result.add_trace(
        go.Bar(
            x=places,
            y=gains,
            base=list(levels[:-1]),
            marker={
                "color": [
                    colour if row.decided else "rgba(127,127,127,0.25)"
                    for colour, row in zip(colours, rows, strict=True)
                ],
                "line": {"width": 1.5, "color": colours},
            },
            text=[component_hover(row, digits) for row in rows],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    )
    known = [(place, before, row) for place, before, row in zip(places, levels, rows, strict=False)]
    result.add_trace(
        go.Scatter(
            x=[place for place, _, _ in known],
            y=[before - (row.difference or 0.0) for _, before, row in known],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [_reach(row.difference, row.low) for _, _, row in known],
                "arrayminus": [_reach(row.high, row.difference) for _, _, row in known],
                "color": "#444444",
                "thickness": 1.5,
                "width": 5,
            },
            mode="markers",
            marker={"size": 5, "color": "#444444"},
            hoverinfo="skip",
        )
    )
    top = [max(before, before + gain) for before, gain in zip(levels, gains, strict=False)]
    for place, row, gain, height in zip(places, rows, gains, top, strict=True):
        reached = max(height, levels[place - 1] - (row.low if row.low is not None else row.difference or 0.0))
        text = digits.signed(gain).replace("-", MINUS)
        result.add_annotation(x=place, y=reached, text=text, showarrow=False, yshift=12, font={"size": 12})


def _reach(upper: float | None, lower: float | None) -> float:
    return 0.0 if upper is None or lower is None else upper - lower
