"""A study's plots. Plotly is needed when one is drawn, not before."""

from collections.abc import Callable
from os import PathLike
from typing import Literal

from trimma.display.plots import files
from trimma.display.plots.curves import curves
from trimma.display.plots.history import history
from trimma.display.plots.importance import importance
from trimma.display.plots.parallel import parallel
from trimma.display.plots.slices import slices
from trimma.display.plots.theme import Figure
from trimma.display.plots.timeline import timeline
from trimma.history import History

__all__ = ["Plots", "curves", "history", "importance", "parallel", "slices", "timeline"]

File = str | PathLike[str]


class Plots:
    """The plots of one study; ``get_history`` is asked for its history each time.

    Each returns a `plotly.graph_objects.Figure`, and writes it too when ``file`` is given, as what its name ends in:
    ``.html`` (complete, needs no network), ``.json``, or an image such as ``.png`` or ``.svg``. All raise
    `MissingExtra` without plotly (or, for an image, without kaleido) and `UsageError` for another ending.
    """

    def __init__(self, get_history: Callable[[], History]) -> None:
        self._get_history = get_history

    def curves(self, file: File | None = None, *, metric: str | None = None) -> Figure:
        """The metric by step, a line for each trial; ``metric`` is by default the study's own."""
        return self._drawn(file, lambda study: curves(study, metric))

    def history(self, file: File | None = None, *, by: Literal["trial", "time"] = "trial") -> Figure:
        """Each trial's value and the best so far, ``by`` trials ended or by time in seconds."""
        return self._drawn(file, lambda study: history(study, by))

    def parallel(self, file: File | None = None) -> Figure:
        """Each trial as a line through its hyperparameters to its value."""
        return self._drawn(file, parallel)

    def slices(self, file: File | None = None, *, names: tuple[str, ...] = ()) -> Figure:
        """The metric against each hyperparameter, or against those in ``names``."""
        return self._drawn(file, lambda study: slices(study, *names))

    def timeline(self, file: File | None = None) -> Figure:
        """Which worker ran which trial when, how busy they were, and why they were idle."""
        return self._drawn(file, timeline)

    def importance(self, file: File | None = None, *, top: float = 0.1) -> Figure:
        """How much each hyperparameter decides whether a trial is among the best ``top``."""
        return self._drawn(file, lambda study: importance(study, top=top))

    def _drawn(self, file: File | None, draw: Callable[[History], Figure]) -> Figure:
        if file is not None:
            files.check(file)
        figure = draw(self._get_history())
        if file is not None:
            files.write(figure, file)
        return figure
