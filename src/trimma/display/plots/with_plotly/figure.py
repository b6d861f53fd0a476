"""A picture as an interactive figure."""

from trimma.display.plots.picture import Picture
from trimma.display.plots.picture_marks import Cells, RowTexts, Texts
from trimma.display.plots.with_plotly.axes import panel_axes
from trimma.display.plots.with_plotly.html_text import html_text, html_title
from trimma.display.plots.with_plotly.marks import add_marks
from trimma.display.plots.with_plotly.plotly_module import Figure, graph_objects

LINE = 13.0  # pixels of a line of text
COLUMNS = 4
PANEL = 300  # pixels
TITLE = {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 22}}
ABOVE = {"orientation": "h", "x": 1.0, "xanchor": "right", "y": 1.0, "yanchor": "bottom"}
BELOW = {"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"}


def plotly_figure(picture: Picture) -> Figure:
    """The picture as a `plotly.graph_objects.Figure`. Raises `MissingExtra` without plotly."""
    sides = any(panel.sides for panel in picture.panels)
    figure = graph_objects().Figure(
        layout={
            "template": "plotly_white",
            "title": {"text": html_title(picture.title, picture.note), **TITLE},
            "font": {"family": "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif", "size": LINE},
            "margin": {"l": 70, "r": _right_margin(picture), "t": 92, "b": 95 if sides else 60},
            "legend": BELOW if sides else ABOVE,
            "hoverlabel": {"align": "left"},
            "hovermode": "closest",
            "barmode": "overlay",
            "height": _height(picture),
        }
    )
    if not picture.panels:
        figure.update_layout(xaxis={"visible": False}, yaxis={"visible": False})
        middle = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False, "font_size": 15}
        figure.add_annotation(text=html_text(picture.message), **middle)
        return figure
    if any(isinstance(mark, Cells) for mark in picture.marks):
        figure.update_layout(plot_bgcolor="#E2E2E2")
    for place, panel in enumerate(picture.panels):
        figure.update_layout(panel_axes(panel, place, len(picture.panels), COLUMNS))
        add_marks(figure, panel, place)
    named = {trace.name for trace in figure.data if trace.showlegend}
    figure.update_layout(showlegend=bool(named) and (sides or len(named) > 1))
    return figure


def _height(picture: Picture) -> float | None:
    """The height in pixels; None leaves it to the page."""
    if picture.rows:
        grid = any(isinstance(mark, Cells) for mark in picture.marks)
        height = (170 if grid else 190) + LINE * picture.row_height * max(3, picture.rows)
        return max(420, height) if grid else height
    return 150 + PANEL * -(-len(picture.panels) // COLUMNS) if len(picture.panels) > 1 else None


def _right_margin(picture: Picture) -> float:
    """Room for the texts that stand to the right of the panels."""
    texts = [text for mark in picture.marks if isinstance(mark, RowTexts) for text in mark.texts]
    texts += [text for mark in picture.marks if isinstance(mark, Texts) and mark.side == "right" for text in mark.texts]
    lines = [len(line) for text in texts for line in text.split("\n")]
    return 36 + 7 * max(lines) if lines else 30
