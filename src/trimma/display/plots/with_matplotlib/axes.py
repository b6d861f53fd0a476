"""The two axes of a panel, and what is said above it."""

from typing import Any

from trimma.display.plots.fitting_ticks import fits, fitting
from trimma.display.plots.picture import Axis, Panel
from trimma.display.plots.picture_marks import RowTexts, Tick
from trimma.display.plots.theme import DARK, GREY
from trimma.display.plots.with_matplotlib.sizes import LETTERS, POINTS, is_narrow
from trimma.display.short_text import squeeze

TICK = 20  # the greatest number of letters in a tick of a narrow picture
MARGIN = 0.35  # inches beside a panel


def lay_out(axes: Any, panel: Panel, width: float, *, first: bool) -> None:
    """Give the axes their scales, ticks, labels and lines. The panel has ``width`` inches."""
    letters = (width - MARGIN) * LETTERS
    narrow = is_narrow(axes.figure.get_figwidth())
    for described, name in ((panel.x, "x"), (panel.y, "y")):
        if described.scale == "log":
            getattr(axes, f"set_{name}scale")("log")
        _ticks(getattr(axes, f"{name}axis"), described, letters if name == "x" else None, narrow=narrow)
        if described.shown and described.grid:
            axes.grid(visible=True, axis=name)
        if not described.line:
            axes.tick_params(axis=name, length=0)
        if not (described.shown and described.line):
            axes.spines["bottom" if name == "x" else "left"].set_visible(False)
    if panel.x.label:
        axes.set_xlabel(panel.x.label)
    if first and panel.y.label:
        axes.set_ylabel(panel.y.label)
    if panel.x.zero:
        axes.axvline(0.0, color=DARK, linewidth=0.8, zorder=1)
    if narrow and any(isinstance(mark, RowTexts) for mark in panel.marks):
        axes.locator_params(axis="x", nbins=2)  # the texts at the right leave little room


def _ticks(axis: Any, described: Axis, letters: float | None, *, narrow: bool) -> None:
    """Set the ticks. ``letters`` is the room on an axis whose ticks stand side by side, None for others."""
    from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

    if not described.shown:
        axis.set_visible(False)
        return
    if described.ticks is not None:
        ticks = fitting(described, letters) if letters is not None else described.ticks
        texts = [_text(tick, narrow=narrow and letters is None) for tick in ticks]
        axis.set_ticks([tick.value for tick in ticks], texts)
        axis.set_minor_locator(NullLocator())
        if letters is not None and not fits(ticks, letters):
            axis.set_tick_params(labelrotation=40)
            for label in axis.get_ticklabels():
                label.set_horizontalalignment("right")
                label.set_rotation_mode("anchor")
    if described.numbers == "percent":
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    if described.numbers == "whole":
        axis.set_major_locator(MaxNLocator(integer=True))


def _text(tick: Tick, *, narrow: bool) -> str:
    """The text of a tick. On a narrow picture it is cut, and its note goes to a line of its own."""
    if not narrow:
        return f"{tick.text} {tick.note}" if tick.note else tick.text
    return "\n".join(squeeze(line, TICK) for line in (tick.text, tick.note) if line)


def limit(axes: Any, panel: Panel) -> None:
    """Give the axes their ranges."""
    for described, name in ((panel.x, "x"), (panel.y, "y")):
        if described.range is not None:
            getattr(axes, f"set_{name}lim")(*described.range)


def say_sides(axes: Any, panel: Panel) -> None:
    """Say above the panel what lies to its left and right; below it, where there is no room above."""
    if panel.sides is None:
        return
    if is_narrow(axes.figure.get_figwidth()):
        axes.set_xlabel("\n".join([panel.x.label, "    ".join(panel.sides)]))
        return
    for text, along, side in zip(panel.sides, (0.0, 1.0), ("left", "right"), strict=True):
        look = {"ha": side, "va": "bottom", "color": GREY, "fontsize": POINTS}
        axes.annotate(text, (along, 1.0), (0, 2), xycoords="axes fraction", textcoords="offset points", **look)
