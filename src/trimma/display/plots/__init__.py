"""A study's plots. Plotly is needed when one is drawn, not before."""

from collections.abc import Callable
from os import PathLike
from typing import Literal

from trimma.ablation.findings import Findings, findings
from trimma.display.plots import files
from trimma.display.plots.curves import curves
from trimma.display.plots.forest import forest
from trimma.display.plots.history import history
from trimma.display.plots.importance import importance
from trimma.display.plots.interactions import interactions
from trimma.display.plots.parallel import parallel
from trimma.display.plots.path import path
from trimma.display.plots.repeats import repeats
from trimma.display.plots.shapley import shapley
from trimma.display.plots.slices import slices
from trimma.display.plots.theme import Figure
from trimma.display.plots.timeline import timeline
from trimma.ports import History

__all__ = [
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
    """The plots of one study; ``get_history`` is asked for its history each time.

    Each returns a `plotly.graph_objects.Figure`, and writes it too when ``file`` is given, as what its name ends in:
    ``.html`` (complete, needs no network), ``.json``, or an image such as ``.png`` or ``.svg``. All raise
    `MissingExtra` without plotly (or, for an image, without kaleido) and `UsageError` for another ending.
    ``forest``, ``repeats``, ``interactions``, ``path`` and ``shapley`` are of ablations: of another study, or of a
    design that doesn't tell it, they raise `StudyError`.
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

    def forest(self, file: File | None = None) -> Figure:
        """What each component of an ablation is worth, with its interval."""
        return self._told(file, forest)

    def repeats(self, file: File | None = None) -> Figure:
        """The differences of single repeats of an ablation, beside the estimates."""
        return self._told(file, repeats)

    def interactions(self, file: File | None = None) -> Figure:
        """What leaving out both of two components changes beyond the sum: for designs that leave out pairs."""
        return self._told(file, interactions)

    def path(self, file: File | None = None) -> Figure:
        """The path from the bare baseline to the whole, as a waterfall: for designs that follow one."""
        return self._told(file, path)

    def shapley(self, file: File | None = None) -> Figure:
        """Shapley values with their errors: for designs that sample orders."""
        return self._told(file, shapley)

    def _told(self, file: File | None, draw: Callable[[Findings], Figure]) -> Figure:
        return self._drawn(file, lambda study: draw(findings(study)))

    def _drawn(self, file: File | None, draw: Callable[[History], Figure]) -> Figure:
        if file is not None:
            files.check(file)
        figure = draw(self._get_history())
        if file is not None:
            files.write(figure, file)
        return figure
