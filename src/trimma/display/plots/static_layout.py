"""The axes, the texts and the legend of a still picture, as the layout of an interactive figure describes them."""

import re
from collections.abc import Mapping, Sequence
from html import unescape
from textwrap import fill
from typing import Any

from trimma.display.plots.theme import GREY, Figure
from trimma.display.short_text import squeeze

POINTS = 8
TICK = 20  # the greatest number of letters in a tick of a narrow picture


def text_of(html: str) -> str:
    """Plotly's kind of text without its tags."""
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"<br\s*/?>", "\n", html)))


def lay_out(axes: Any, x: Any, y: Any, *, narrow: bool, first: bool) -> None:
    """Give the axes the scales, the ticks, the titles and the lines of the interactive figure."""
    if x.visible is False and y.visible is False:
        axes.set_axis_off()
        return
    from matplotlib.ticker import MaxNLocator, NullLocator

    for axis, described, name in ((axes.xaxis, x, "x"), (axes.yaxis, y, "y")):
        if described.visible is False:
            axis.set_visible(False)
            continue
        if described.type == "log":
            getattr(axes, f"set_{name}scale")("log")
        if described.tickvals is not None and described.ticktext is not None:
            texts = [_tick(text, narrow=narrow and name == "y") for text in described.ticktext]
            axis.set_ticks(list(described.tickvals), texts)
            axis.set_minor_locator(NullLocator())
        if described.tickangle:
            axis.set_tick_params(labelrotation=-described.tickangle)
            for label in axis.get_ticklabels():
                label.set_horizontalalignment("right")
                label.set_rotation_mode("anchor")
        if described.tickformat == ".0%":
            axis.set_major_formatter(lambda value, _: f"{value:.0%}")
        if described.dtick == 1:
            axis.set_major_locator(MaxNLocator(integer=True))
        if described.showgrid is not False:
            axis.grid(visible=True)
    axes.set_xlabel(text_of(x.title.text or ""))
    if first:
        axes.set_ylabel(text_of(y.title.text or ""))
    if x.zeroline:
        axes.axvline(0.0, color="#444444", linewidth=0.8, zorder=1)


def _tick(html: str, *, narrow: bool) -> str:
    """The text of a tick. On a narrow picture it is cut, and what stands in smaller type goes to a line of its own."""
    if not narrow:
        return text_of(html)
    lines = text_of(html.replace(" <span", "<br><span")).split("\n")
    return "\n".join(squeeze(line, TICK) for line in lines)


def limit(axes: Any, x: Any, y: Any) -> None:
    """Give the axes the ranges of the interactive figure."""
    for described, name in ((x, "x"), (y, "y")):
        set_limit = getattr(axes, f"set_{name}lim")
        if described.range is not None:
            low, high = described.range
            set_limit(*((10**low, 10**high) if described.type == "log" else (low, high)))
        elif described.autorange == "reversed":
            getattr(axes, f"invert_{name}axis")()


def overlay(axes: Any) -> Any:
    """Axes over others, for marks that stand at the edge of the view whatever its range."""
    over = axes.twinx()
    over.set_ylim(0, 1)
    over.set_axis_off()
    return over


def annotate(axes: Any, layout: Any, *, narrow: bool) -> None:
    """Draw the shaded bands, the lines and the texts that belong to no trace."""
    for shape in layout.shapes:
        if shape.type == "rect":
            axes.axvspan(shape.x0, shape.x1, color="#009E73", alpha=0.12, linewidth=0, zorder=0)
        elif shape.type == "line":
            line = shape.line
            style = {"color": line.color, "linewidth": 0.6 * line.width, "linestyle": ":" if line.dash else "-"}
            axes.plot([shape.x0, shape.x1], [shape.y0, shape.y1], **style)
    sides = [note for note in layout.annotations if note.yref == "paper" and note.yanchor == "bottom"]
    if narrow and sides:
        axes.set_xlabel("\n".join([axes.get_xlabel(), "    ".join(text_of(note.text) for note in sides)]))
    for note in layout.annotations:
        if narrow and note in sides:
            continue
        text = text_of(note.text)
        if narrow:
            text = text.replace(" [", "\n[")
        if note.yref == "paper":
            text = fill(text, int(axes.figure.get_figwidth() * 15))
        to_the_right = note.xref == "paper" and note.xshift
        upright = narrow and bool(note.yshift)  # there is no room for numbers side by side
        axes.annotate(
            text,
            xy=(note.x, note.y),
            xycoords=tuple("axes fraction" if ref == "paper" else "data" for ref in (note.xref, note.yref)),
            xytext=(
                0.6 * (note.xshift or 0),
                (0.25 if upright else 0.6) * (note.yshift or 0) + (2 if note.yanchor == "bottom" else 0),
            ),
            textcoords="offset points",
            ha="left" if to_the_right else note.xanchor or "center",
            va="bottom" if upright else {"bottom": "bottom", "top": "top"}.get(note.yanchor, "center"),
            rotation=90 if upright else 0,
            color=GREY if note.yanchor == "bottom" else "black",
            annotation_clip=False,
        )


def legend(result: Any, figure: Figure, width: float) -> None:
    """Draw the legend below the picture, where there is more than one thing to tell apart."""
    if figure.layout.showlegend is False:
        return
    named: Mapping[str, Any] = {}
    for axes in result.axes:
        handles, labels = axes.get_legend_handles_labels()
        named = dict(zip(labels, handles, strict=True)) | dict(named)
    if not named or (len(named) < 2 and not any(trace.showlegend for trace in figure.data)):
        return
    result.legend(
        list(named.values()),
        list(named),
        loc="outside lower left",
        ncols=_columns(list(named), width),
        frameon=False,
        handlelength=1.4,
        columnspacing=1.2,
    )


def _columns(labels: Sequence[str], width: float) -> int:
    longest = max(map(len, labels))
    return max(1, min(len(labels), int(width * 72 / (longest * POINTS * 0.48 + 26))))
