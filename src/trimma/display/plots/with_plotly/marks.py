"""The marks of a panel, as traces, shapes and annotations of plotly."""

from trimma.display.plots.picture import Panel
from trimma.display.plots.picture_marks import Band, Bars, Intervals, Lines, Mark, Points, RowTexts, Texts, Upright
from trimma.display.plots.with_plotly.axes import axis_names, edge_name
from trimma.display.plots.with_plotly.bars import bars, bars_as_lines, intervals
from trimma.display.plots.with_plotly.cells import heat_map
from trimma.display.plots.with_plotly.plotly_module import Figure
from trimma.display.plots.with_plotly.points_and_lines import lines, points
from trimma.display.plots.with_plotly.texts import add_upright, annotations, say_sides

MOST_POINTS = 4000  # more points than these are drawn by WebGL
MOST_BARS = 3000  # more bars than these are drawn as lines by WebGL
BAND = 0.12  # how opaque a band is


def add_marks(figure: Figure, panel: Panel, place: int) -> None:
    """Add the marks of panel number ``place`` to the figure."""
    x, y = axis_names(place)
    many = sum(map(_size, panel.marks)) > MOST_POINTS
    amount = sum(len(mark.places) for mark in panel.marks if isinstance(mark, Bars))
    listed = {trace.name for trace in figure.data if trace.showlegend}
    for mark in panel.marks:
        axes = {"xaxis": x, "yaxis": edge_name(place) if isinstance(mark, Points) and mark.at_edge else y}
        match mark:
            case Points():
                trace = points(mark, many)
            case Lines():
                trace = lines(mark, many)
            case Bars():
                trace = bars(mark) if amount <= MOST_BARS else bars_as_lines(mark, figure.layout.height)
            case Intervals():
                trace = intervals(mark)
            case Band():
                figure.add_vrect(
                    x0=mark.low, x1=mark.high, fillcolor=mark.colour, opacity=BAND, line_width=0, layer="below"
                )
                continue
            case Texts() | RowTexts():
                for annotation in annotations(mark, panel):
                    figure.add_annotation(**{"xref": x, "yref": y, "showarrow": False} | annotation)
                continue
            case Upright():
                add_upright(figure, mark, axes)
                continue
            case _:
                trace = heat_map(mark)
        trace.update(axes)
        if isinstance(mark, Points | Lines | Bars) and mark.name:
            trace.update(legendgroup=mark.name, showlegend=mark.listed and mark.name not in listed)
            listed |= {mark.name} if mark.listed else set()
        figure.add_trace(trace)
    say_sides(figure, panel)


def _size(mark: Mark) -> int:
    match mark:
        case Points():
            return len(mark.x)
        case Lines():
            return sum(len(line.x) for line in mark.lines)
        case _:
            return 0
