"""The legend below a picture."""

from collections.abc import Sequence
from typing import Any

from trimma.display.plots.picture import Picture
from trimma.display.plots.with_matplotlib.sizes import POINTS

LEAST = 1.2  # the least width of a line in the legend


def draw_legend(figure: Any, picture: Picture, width: float) -> None:
    """Draw the legend below the picture, where there is more than one thing to tell apart, or the one needs a name."""
    from matplotlib.lines import Line2D

    named: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
            named.setdefault(name, handle)
    if not named or (len(named) < 2 and not any(panel.sides for panel in picture.panels)):
        return
    names = list(named)
    legend = figure.legend(
        list(named.values()),
        names,
        loc="outside lower left",
        ncols=_columns(names, width),
        frameon=False,
        handlelength=1.4,
        columnspacing=1.2,
    )
    for handle in legend.legend_handles:
        if isinstance(handle, Line2D):  # what is thin and transparent in the picture is seen here
            handle.set_alpha(1.0)
            handle.set_linewidth(max(LEAST, handle.get_linewidth()))


def _columns(names: Sequence[str], width: float) -> int:
    longest = max(map(len, names))
    return max(1, min(len(names), int(width * 72 / (longest * POINTS * 0.48 + 26))))
