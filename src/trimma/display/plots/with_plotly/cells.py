"""A grid of coloured cells, as a heat map of plotly."""

from typing import Any

from trimma.display.plots.picture_marks import Cells
from trimma.display.plots.with_plotly.html_text import html_hover, html_text
from trimma.display.plots.with_plotly.plotly_module import graph_objects


def heat_map(mark: Cells) -> Any:
    """The cells as a trace. Texts of cells to look at are bold."""
    shades = [[place / (len(mark.colours) - 1), colour] for place, colour in enumerate(mark.colours)]
    return graph_objects().Heatmap(
        z=mark.values,
        x=list(range(len(mark.values))),
        y=list(range(len(mark.values))),
        zmin=-mark.greatest,
        zmax=mark.greatest,
        colorscale=shades,
        text=[
            [f"<b>{html_text(text)}</b>" if text and one else html_text(text) for text, one in zip(*line, strict=True)]
            for line in zip(mark.texts, mark.strong, strict=True)
        ],
        texttemplate="%{text}",
        textfont={"size": 11},
        customdata=[[html_hover(text) for text in line] for line in mark.hover],
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        xgap=2,
        ygap=2,
        colorbar={
            "tickvals": [tick.value for tick in mark.ticks],
            "ticktext": [html_text(tick.text) for tick in mark.ticks],
            "thickness": 12,
            "len": 0.9,
        },
    )
