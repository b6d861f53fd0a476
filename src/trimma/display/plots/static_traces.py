"""How the traces of a figure are drawn by matplotlib: points, lines, bars, heat maps and parallel coordinates."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

PIXEL = 8 / 13  # points for one pixel of the interactive figure
SHAPES = {"diamond": "D", "square": "s", "x-thin": "x", "star": "*"}
HATCHES = {"/": "////", ".": "....", "x": "xxxx"}
MOST_POINTS = 20_000  # more points than these are drawn as pixels, which keeps PDF and SVG small
UNCERTAIN = "rgba(127,127,127,0.25)"

Text = Callable[[str], str]


def is_parallel(trace: Any) -> bool:
    """Whether the trace is a picture of its own, with an axis for each hyperparameter."""
    return bool(trace.type == "parcoords")


def draw_trace(axes: Any, trace: Any, text: Text) -> None:
    """Draw one trace. ``text`` makes plain text of Plotly's."""
    match trace.type:
        case "scatter" | "scattergl":
            _scatter(axes, trace)
        case "bar":
            _bars(axes, trace, text)
        case "heatmap":
            _heat(axes, trace, text)
        case "parcoords":
            _parallel(axes, trace, text)
        case other:
            raise NotImplementedError(f"a trace of type {other} as an image")


def _numbers(values: Any) -> Any:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _scatter(axes: Any, trace: Any) -> None:
    x, y = _numbers(trace.x), _numbers(trace.y)
    many = len(x) > MOST_POINTS
    alpha = trace.opacity if trace.opacity is not None else trace.marker.opacity
    errors = {
        name: np.array([_numbers(bars.arrayminus), _numbers(bars.array)])
        for name, bars in (("xerr", trace.error_x), ("yerr", trace.error_y))
        if bars is not None and bars.array is not None
    }
    if errors:
        bars = trace.error_x if "xerr" in errors else trace.error_y
        thickness = {"elinewidth": PIXEL * bars.thickness, "capsize": 2, "capthick": PIXEL * bars.thickness}
        axes.errorbar(x, y, **errors, fmt="none", ecolor=bars.color, **thickness, zorder=3)
    label = trace.name if trace.showlegend is not False else None
    if "lines" in (trace.mode or ""):
        line = {"color": trace.line.color, "linewidth": PIXEL * (trace.line.width or 1), "alpha": alpha}
        step = {"drawstyle": "steps-post"} if trace.line.shape == "hv" else {}
        axes.plot(x, y, label=label, rasterized=many, **line, **step, zorder=4 if trace.line.width > 2 else 2)
        _lone_points(axes, trace, x, y)
        return
    marker = trace.marker
    hollow = marker.symbol == "circle-open"
    shape = SHAPES.get(marker.symbol or "", "o")
    colour = "none" if hollow else marker.color
    edge = marker.color if hollow or shape == "x" else "none"
    area = (PIXEL * (marker.size or 6)) ** 2
    look = {"linewidths": 0.9} if shape == "x" else {"edgecolors": edge, "linewidths": 1.0 if hollow else 0.0}
    face = {"color": marker.color} if shape == "x" else {"facecolors": colour}
    axes.scatter(x, y, s=area, marker=shape, alpha=alpha, label=label, rasterized=many, zorder=4, **look, **face)


def _lone_points(axes: Any, trace: Any, x: Any, y: Any) -> None:
    """A line of one point can't be seen, so that it has a marker."""
    sizes = trace.marker.size
    if isinstance(sizes, Sequence | np.ndarray):
        alone = np.array(sizes) > 0
        axes.plot(x[alone], y[alone], ".", color=trace.line.color, markersize=3, alpha=trace.opacity)


def _bars(axes: Any, trace: Any, text: Text) -> None:
    across = trace.orientation == "h"
    lengths, places = (trace.x, trace.y) if across else (trace.y, trace.x)
    if places is not None and any(isinstance(place, str) for place in places):
        axes.yaxis.set_ticks(range(len(places)), list(map(text, places)))
        places = range(len(places))
    lengths, places = _numbers(lengths), _numbers(places)
    base = 0.0 if trace.base is None else _numbers(trace.base)
    marker = trace.marker
    colours = [marker.color] if isinstance(marker.color, str) else list(marker.color)
    look = {
        "color": [(0.5, 0.5, 0.5, 0.25) if colour == UNCERTAIN else colour for colour in colours],
        "alpha": marker.opacity,
        "hatch": HATCHES.get(marker.pattern.shape or ""),
        "edgecolor": "white" if marker.line.color in (None, "white") else list(marker.line.color),
        "linewidth": 0.3 if marker.line.color in (None, "white") else 0.8,
        "label": trace.name,
        "zorder": 2,
    }
    thick = trace.width or 0.7
    if across:
        axes.barh(places, lengths, height=thick, left=base, **look)
    else:
        axes.bar(places, lengths, width=thick, bottom=base, **look)
    if trace.error_x is not None and trace.error_x.array is not None:
        reach = np.array([_numbers(trace.error_x.arrayminus), _numbers(trace.error_x.array)])
        axes.errorbar(lengths, places, xerr=reach, fmt="none", ecolor="#444444", elinewidth=0.9, capsize=2, zorder=3)
    if trace.textposition == "outside":
        for place, length, words in zip(places, lengths, trace.text, strict=True):
            axes.annotate(text(words), (length, place), (3, 0), textcoords="offset points", va="center")


def _heat(axes: Any, trace: Any, text: Text) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("trimma", [tuple(stop) for stop in trace.colorscale])
    axes.set_facecolor("#E2E2E2")
    values = np.array([_numbers(row) for row in trace.z])
    image = axes.imshow(values, cmap=colours, vmin=trace.zmin, vmax=trace.zmax, origin="lower")
    axes.grid(visible=False)
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.85, aspect=25)
    bar.set_ticks(list(trace.colorbar.tickvals), labels=list(map(text, trace.colorbar.ticktext)))
    bar.outline.set_visible(False)
    # where a cell is too narrow for its number, only the star stays
    wide = (axes.figure.get_figwidth() - 1.9) / len(values) > 0.42
    for row, line in enumerate(trace.text):
        for column, words in enumerate(line):
            if words:
                weight = "bold" if "<b>" in words else "normal"
                shown = text(words) if wide else text(words)[-1:].strip("0123456789")
                axes.text(column, row, shown, ha="center", va="center", weight=weight)


def _parallel(axes: Any, trace: Any, text: Text) -> None:
    """Lines through the axes of hyperparameters, each scaled from 0 to 1. The best ones are drawn last, and thicker."""
    from matplotlib.colors import LinearSegmentedColormap

    dimensions = trace.dimensions
    bounds = [each.range for each in dimensions]
    heights = np.array(
        [(_numbers(each.values) - low) / (high - low) for each, (low, high) in zip(dimensions, bounds, strict=True)]
    )
    good = _numbers(trace.line.color)
    colours = LinearSegmentedColormap.from_list("trimma", [tuple(stop) for stop in trace.line.colorscale])
    few = max(0.25, min(1.0, 60 / len(good)))
    for place in np.argsort(good, kind="stable"):
        best = good[place] >= 1.0
        alpha = 1.0 if best else few + 0.5 * good[place] * (1 - few)
        look = {"linewidth": 2.0 if best else 0.5 + 0.6 * good[place], "alpha": alpha}
        axes.plot(heights[:, place], color=colours(good[place]), solid_joinstyle="round", clip_on=False, **look)
    for place, each in enumerate(dimensions):
        axes.axvline(place, color="#444444", linewidth=0.7, zorder=5)
        low, high = bounds[place]
        for tick, words in zip(each.tickvals, each.ticktext, strict=True):
            axes.annotate(
                text(words),
                (place, (tick - low) / (high - low)),
                (2, 0),
                textcoords="offset points",
                va="center",
                zorder=6,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5},
            )
    axes.set_xticks(range(len(dimensions)), [text(each.label) for each in dimensions])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.set_xlim(-0.05, len(dimensions) - 1 + 0.25)
    axes.set_ylim(-0.04, 1.04)
    for spine in axes.spines.values():
        spine.set_visible(False)
