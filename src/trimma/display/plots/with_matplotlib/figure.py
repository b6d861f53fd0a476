"""A picture as an image for papers.

The text has 8 points at every width, so a picture is drawn for the width at which it is printed.
"""

from io import StringIO
from textwrap import fill
from typing import Any

from trimma.display.plots.picture import Panel, Picture
from trimma.display.plots.picture_marks import Cells
from trimma.display.plots.with_matplotlib.axes import lay_out, limit, say_sides
from trimma.display.plots.with_matplotlib.legend import draw_legend
from trimma.display.plots.with_matplotlib.marks import draw_marks
from trimma.display.plots.with_matplotlib.sizes import LETTERS, PIXEL, POINTS, is_narrow
from trimma.errors import MissingExtra

COLUMN, PAGE = 3.25, 6.75
"""The width of one column and of both, in inches."""

PANEL = 1.6  # the least width of one of several panels, in inches
UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
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


def matplotlib_figure(picture: Picture, width: float = PAGE) -> Any:
    """The picture as a `matplotlib.figure.Figure` of this width in inches. Raises `MissingExtra` without matplotlib."""
    mpl = _matplotlib()
    with mpl.rc_context(SETTINGS):
        return _drawn(picture, width)


def save(picture: Picture, file: str, width: float = PAGE) -> None:
    """Write the picture as an image of this width in inches, in the format that the file's name ends in.

    The same picture gives the same file, byte for byte.
    """
    mpl = _matplotlib()
    with mpl.rc_context(SETTINGS):
        _drawn(picture, width).savefig(file, dpi=300, facecolor="white", metadata=UNDATED.get(file[-4:].lower()))


def svg(picture: Picture, width: float = PAGE) -> str:
    """The picture as the text of an SVG image."""
    mpl, file = _matplotlib(), StringIO()
    with mpl.rc_context(SETTINGS):
        _drawn(picture, width).savefig(file, format="svg", facecolor="white", metadata=UNDATED[".svg"])
    return file.getvalue()


def _matplotlib() -> Any:
    try:
        import matplotlib as mpl
        import matplotlib.figure
    except ImportError as error:
        raise MissingExtra("matplotlib", "image", "a plot as an image") from error
    return mpl


def _drawn(picture: Picture, width: float) -> Any:
    from matplotlib.figure import Figure

    panels = picture.panels or (None,)
    columns = min(len(panels), max(1, int(width / PANEL)))
    rows = -(-len(panels) // columns)
    title = _wrapped([picture.title, picture.note], width)
    height = _height(picture, width, rows) + 0.14 * title.count("\n")
    result = Figure(figsize=(width, height), layout="constrained")
    result.suptitle(title, x=0.01, ha="left", fontsize=POINTS)
    grid = result.subplots(rows, columns, squeeze=False, sharey=len(panels) > 1)
    for place, axes in enumerate(grid.flat):
        if place >= len(panels):
            axes.set_visible(False)
        elif (panel := panels[place]) is None:
            axes.set_axis_off()
            message = _wrapped([picture.message], width - 0.5)
            axes.text(0.5, 0.5, message, ha="center", va="center", transform=axes.transAxes)
        else:
            _draw(axes, panel, width / columns, first=place % columns == 0)
    draw_legend(result, picture, width)
    return result


def _draw(axes: Any, panel: Panel, width: float, *, first: bool) -> None:
    lay_out(axes, panel, width, first=first)
    draw_marks(axes, panel.marks)
    limit(axes, panel)
    say_sides(axes, panel)


def _wrapped(texts: list[str], width: float) -> str:
    letters = int(width * (LETTERS + 0.5))
    return "\n".join(fill(line, letters) for text in texts if text for line in text.split("\n"))


def _height(picture: Picture, width: float, panel_rows: int) -> float:
    """The height in inches, without further lines of the title."""
    if len(picture.panels) > 1:
        return 0.9 + 1.5 * panel_rows
    if not picture.rows or any(isinstance(mark, Cells) for mark in picture.marks):
        return min(4.0, max(2.4, 0.6 * width))
    notes = any(tick.note for panel in picture.panels for tick in panel.y.ticks or ())
    lines = (1.35 if is_narrow(width) and notes else 1.0) * (14.6 + picture.row_height * max(3, picture.rows))
    return lines * 13 * PIXEL / 72
