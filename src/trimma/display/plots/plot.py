"""A picture that can be shown, and written to a file."""

from dataclasses import dataclass
from importlib.util import find_spec
from os import PathLike
from typing import Any

from trimma.display.plots.picture import Picture
from trimma.display.plots.picture_files import PAGE, write
from trimma.display.plots.with_matplotlib.figure import matplotlib_figure, svg
from trimma.display.plots.with_plotly.figure import plotly_figure


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture of a study. As the last line of a notebook's cell it shows itself.

    ``picture`` is what it shows, as plain values. It is drawn when it is asked for: interactively by plotly, or for a
    paper by matplotlib. Either suffices, for what it draws.
    """

    picture: Picture

    def plotly(self) -> Any:
        """The interactive plot, a new `plotly.graph_objects.Figure`. Raises `MissingExtra` without plotly."""
        return plotly_figure(self.picture)

    def matplotlib(self, width: float = PAGE) -> Any:
        """The image, a new `matplotlib.figure.Figure` of this width in inches, with text of 8 points.

        Raises `MissingExtra` without matplotlib.
        """
        return matplotlib_figure(self.picture, width)

    def write(self, file: str | PathLike[str], width: float = PAGE) -> None:
        """Write the plot in the format that the file's name ends in, as the methods of `Plots` do."""
        write(self.picture, file, width)

    def show(self) -> None:
        """Show the interactive plot in a browser or below a notebook's cell. Raises `MissingExtra` without plotly."""
        self.plotly().show()

    def __repr__(self) -> str:
        return f"<Plot: {self.picture.title}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """What notebooks show: the interactive plot, or the image where there is only matplotlib."""
        if find_spec("plotly") is None and find_spec("matplotlib") is not None:
            return {"image/svg+xml": svg(self.picture), "text/plain": repr(self)}
        figure = self.plotly()
        # plotly makes no bundle where it doesn't know that it is in a notebook
        return figure._repr_mimebundle_(include, exclude) or {
            "text/html": figure._repr_html_(),
            "text/plain": repr(self),
        }
