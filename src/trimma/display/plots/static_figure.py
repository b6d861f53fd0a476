"""A plot as a still picture for papers, drawn by matplotlib from the same figure that is shown interactively.

The text has 8 points at every width, so a picture is drawn for the width at which it is printed.
"""

from textwrap import fill
from typing import Any

from trimma.display.plots.static_layout import POINTS, annotate, lay_out, legend, limit, overlay, text_of
from trimma.display.plots.static_traces import draw_trace, is_parallel
from trimma.display.plots.theme import Figure
from trimma.errors import MissingExtra

COLUMN, PAGE = 3.25, 6.75
"""The width of one column and of both, in inches."""

INCHES = POINTS / 13 / 72  # one pixel of the interactive figure, whose text has 13 pixels
NARROW = 4.5
SETTINGS = {
    "font.size": POINTS,
    "axes.titlesize": POINTS,
    "axes.labelsize": POINTS,
    "xtick.labelsize": POINTS,
    "ytick.labelsize": POINTS,
    "legend.fontsize": POINTS,
    "axes.linewidth": 0.6,
    "axes.edgecolor": "#444444",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",  # text stays text
    "pdf.fonttype": 42,
    "svg.hashsalt": "trimma",
}


def static_figure(figure: Figure, width: float = PAGE) -> Any:
    """The figure as a `matplotlib.figure.Figure` of this width in inches. Raises `MissingExtra` without matplotlib."""
    mpl = _matplotlib()
    with mpl.rc_context(SETTINGS):
        return _drawn(figure, width)


def save(figure: Figure, file: str, width: float = PAGE) -> None:
    """Write the figure as an image of this width in inches, in the format that the file's name ends in."""
    mpl = _matplotlib()
    with mpl.rc_context(SETTINGS):
        _drawn(figure, width).savefig(file, dpi=300, facecolor="white")


def _matplotlib() -> Any:
    try:
        import matplotlib as mpl
        import matplotlib.figure
    except ImportError as error:
        raise MissingExtra("matplotlib", "image", "a plot as an image (.html needs nothing)") from error
    return mpl


def _drawn(figure: Figure, width: float) -> Any:
    from matplotlib.figure import Figure as StaticFigure

    layout, narrow = figure.layout, width < NARROW
    panels = _panels(figure)
    columns = min(len(panels), max(1, int(width / 1.6))) if len(panels) > 1 else 1
    rows = -(-len(panels) // columns)
    title = _title(layout.title.text or "", width)
    height = _height(layout, width, rows if len(panels) > 1 else 0) + 0.14 * title.count("\n")
    result = StaticFigure(figsize=(width, height), layout="constrained")
    result.suptitle(title, x=0.01, ha="left", fontsize=POINTS)
    grid = result.subplots(rows, columns, squeeze=False, sharey=len(panels) > 1)
    for place, axes in enumerate(grid.flat):
        if place >= len(panels):
            axes.set_visible(False)
            continue
        x, y = panels[place]
        lay_out(axes, layout[x], layout[y], narrow=narrow, first=place % columns == 0)
        crosses = None
        for trace in figure.data:
            if not is_parallel(trace) and trace.yaxis == "y2" and layout.yaxis2.overlaying:
                crosses = crosses or overlay(axes)
                draw_trace(crosses, trace, text_of)
            elif _axes_of(trace) == (x, y) or is_parallel(trace):
                draw_trace(axes, trace, text_of)
        limit(axes, layout[x], layout[y])
        if place == 0:
            annotate(axes, layout, narrow=narrow)
            if narrow and any(note.xref == "paper" and note.xshift for note in layout.annotations):
                axes.locator_params(axis="x", nbins=2)  # the texts at the right leave little room
    legend(result, figure, width)
    return result


def _panels(figure: Figure) -> list[tuple[str, str]]:
    found = dict.fromkeys(_axes_of(trace) for trace in figure.data if not is_parallel(trace))
    return [each for each in found if not figure.layout[each[1]].overlaying] or [("xaxis", "yaxis")]


def _axes_of(trace: Any) -> tuple[str, str]:
    if is_parallel(trace):
        return "xaxis", "yaxis"
    x, y = (getattr(trace, name, None) or name[0] for name in ("xaxis", "yaxis"))
    return f"xaxis{x[1:]}", f"yaxis{y[1:]}"


def _title(html: str, width: float) -> str:
    letters = int(width * 17)
    return "\n".join(fill(line, letters) for line in text_of(html).split("\n"))


def _height(layout: Any, width: float, panel_rows: int) -> float:
    if panel_rows:
        return 0.9 + 1.5 * panel_rows
    if layout.height is None or layout.yaxis.tickvals is None or layout.xaxis.tickvals is not None:
        return min(4.0, max(2.4, 0.6 * width))
    two_lines = width < NARROW and any("<span" in text for text in layout.yaxis.ticktext)
    return float(layout.height * INCHES * (1.35 if two_lines else 1.0))
