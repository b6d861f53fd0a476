"""A study's plots: each is described once, as a `Picture` of plain values, and drawn by plotly or by matplotlib.

Plotly or matplotlib is needed when one is drawn, not before.
"""

from collections.abc import Callable
from os import PathLike
from typing import Literal

from trimma.ablation.findings import Findings, findings
from trimma.display.plots.forest_plot import forest
from trimma.display.plots.hyperparameter_importance import importance
from trimma.display.plots.hyperparameter_slices import slices
from trimma.display.plots.interaction_heatmap import interactions
from trimma.display.plots.learning_curves import curves
from trimma.display.plots.parallel_coordinates import parallel
from trimma.display.plots.path_waterfall import path
from trimma.display.plots.picture import Picture
from trimma.display.plots.picture_files import check
from trimma.display.plots.plot import Plot
from trimma.display.plots.shapley_bars import shapley
from trimma.display.plots.single_repeats import repeats
from trimma.display.plots.value_history import history
from trimma.display.plots.with_matplotlib.figure import PAGE
from trimma.display.plots.worker_timeline import timeline
from trimma.ports import History

__all__ = [
    "Picture",
    "Plot",
    "Plots",
    "curves",
    "forest",
    "history",
    "importance",
    "interactions",
    "parallel",
    "path",
    "repeats",
    "shapley",
    "slices",
    "timeline",
]

File = str | PathLike[str]


class Plots:
    """The plots of one study. Each time a plot is drawn, ``get_history`` is asked for the study's history.

    Each method returns a `Plot`, which notebooks show; `Plot.plotly` and `Plot.matplotlib` have its figures. With
    ``file`` it is also written to that file, in the format that the file's name ends in. ``.html`` (complete, needs no
    network) and ``.json`` are interactive and need plotly. An image (``.pdf``, ``.svg`` or ``.png``) is drawn for
    papers and needs matplotlib. It is ``width`` inches wide: 6.75 by default, the width of a page of two columns, one
    of which is 3.25. Its text has 8 points. All raise `MissingExtra` where what a file needs isn't installed, and
    `UsageError` for a file that ends otherwise.

    ``forest``, ``repeats``, ``interactions``, ``path`` and ``shapley`` are for ablations. They raise `StudyError` for
    another study, and for an ablation whose design doesn't estimate what they show.
    """

    def __init__(self, get_history: Callable[[], History]) -> None:
        self._get_history = get_history

    def curves(self, file: File | None = None, width: float = PAGE, *, metric: str | None = None) -> Plot:
        """The metric by step, with a line for each trial. ``metric`` is the study's own by default."""
        return self._drawn(file, width, lambda study: curves(study, metric))

    def history(self, file: File | None = None, width: float = PAGE, *, by: Literal["trial", "time"] = "trial") -> Plot:
        """Each trial's value and the best so far, ``by`` the number of ended trials or by time in seconds."""
        return self._drawn(file, width, lambda study: history(study, by))

    def parallel(self, file: File | None = None, width: float = PAGE) -> Plot:
        """A line for each trial, through its hyperparameters to its value."""
        return self._drawn(file, width, parallel)

    def slices(self, file: File | None = None, width: float = PAGE, *, names: tuple[str, ...] = ()) -> Plot:
        """The metric against each hyperparameter, or against those in ``names``."""
        return self._drawn(file, width, lambda study: slices(study, *names))

    def timeline(self, file: File | None = None, width: float = PAGE) -> Plot:
        """Which worker ran which trial when, how busy the workers were, and why they were idle."""
        return self._drawn(file, width, timeline)

    def importance(self, file: File | None = None, width: float = PAGE, *, top: float = 0.1) -> Plot:
        """How much each hyperparameter decides whether a trial is among the best ``top``, a share from 0 to 1."""
        return self._drawn(file, width, lambda study: importance(study, top=top))

    def forest(self, file: File | None = None, width: float = PAGE) -> Plot:
        """What each component of an ablation is worth, with its interval."""
        return self._told(file, width, forest)

    def repeats(self, file: File | None = None, width: float = PAGE) -> Plot:
        """The differences of single repeats of an ablation, beside the estimates."""
        return self._told(file, width, repeats)

    def interactions(self, file: File | None = None, width: float = PAGE) -> Plot:
        """What leaving out two components together changes, beyond the sum of what each changes alone.

        It is for designs that leave out pairs.
        """
        return self._told(file, width, interactions)

    def path(self, file: File | None = None, width: float = PAGE) -> Plot:
        """The path from the bare baseline to the whole, as a waterfall, for designs that follow a path."""
        return self._told(file, width, path)

    def shapley(self, file: File | None = None, width: float = PAGE) -> Plot:
        """Shapley values with their errors, for designs that sample orders."""
        return self._told(file, width, shapley)

    def _told(self, file: File | None, width: float, draw: Callable[[Findings], Picture]) -> Plot:
        return self._drawn(file, width, lambda study: draw(findings(study)))

    def _drawn(self, file: File | None, width: float, draw: Callable[[History], Picture]) -> Plot:
        if file is not None:
            check(file)
        plot = Plot(draw(self._get_history()))
        if file is not None:
            plot.write(file, width)
        return plot
