"""The handle of a study: to read it, to look at it and to go on with it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from trimma.api.arguments import engine_of, metric_of, space_of, until_of, whole
from trimma.api.continuation import AsksMore, Continuation
from trimma.api.launch import launch
from trimma.api.shown import View
from trimma.errors import StudyError, UsageError
from trimma.events import Logged
from trimma.ledger import Ledger
from trimma.loop import catch_up
from trimma.ports import Engine, History, Observer, Store
from trimma.space import Space
from trimma.stopping import Patience, Rule
from trimma.study import Metric
from trimma.trial import Trial
from trimma.views import columns, importance, status, table

if TYPE_CHECKING:
    import pandas as pd

    from trimma.display.export import Format
    from trimma.display.plots import Plots


class Study:
    """A stored study. What it tells is always up to date, even while another process runs it.

    ``print(study)`` sums it up, ``repr(study)`` does so in one line, and a notebook shows a table.
    """

    _call = "tune(objective, space"

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store, self._ledger = store, ledger

    @property
    def name(self) -> str:
        """The study's name in the store."""
        return self._ledger.history.spec.name

    @property
    def store(self) -> Store:
        """The store that holds the study's events."""
        return self._store

    @property
    def history(self) -> History:
        """All that is known of the study. Each access first reads what was stored since the last one."""
        catch_up(self._ledger, self._store, self.name)
        return self._ledger.history

    @property
    def metric(self) -> Metric:
        """The metric that decides, and its direction."""
        return self._ledger.history.spec.metric

    @property
    def status(self) -> str:
        """How the study stands: running, finished, interrupted or failed, or lost when its driver died."""
        return status(self.history, lost=self._lost())

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials. A trial's id is its index."""
        return list(self.history.trials)

    @property
    def best(self) -> Trial:
        """The trial that ended with the best finite value. Raises `StudyError` when there is none."""
        history = self.history
        if history.best is None:
            counts = ", ".join(f"{count} {state}" for state, count in history.counts.items() if count) or "none yet"
            raise StudyError(
                f"no trial of study {self.name!r} has ended with a finite {self.metric.name!r} (trials: {counts})"
            )
        return history.best

    def output(self, trial: int) -> str:
        """What a trial printed and logged. Raises `StudyError` when there is no trial of this number."""
        trials = self.trials
        if not 0 <= trial < len(trials):
            held = f"trials 0 to {len(trials) - 1}" if trials else "no trials yet"
            raise StudyError(f"there is no trial {trial}: study {self.name!r} has {held}")
        events = self._store.read(self.name)
        return "".join(event.text for event in events if isinstance(event, Logged) and event.trial == trial)

    @property
    def plot(self) -> "Plots":
        """The study's pictures: curves, history, parallel, slices, timeline and importance.

        ``study.plot.curves()`` returns a plotly figure. ``study.plot.curves(file="curves.html")`` also writes it to a
        file.
        """
        from trimma.display.plots import Plots

        return Plots(lambda: self.history)

    def to_pandas(self) -> "pd.DataFrame":
        """A data frame with one row for each trial. Raises `MissingExtra` without pandas."""
        from trimma.display.export import to_pandas

        history = self.history
        frame: pd.DataFrame = to_pandas(table(history), columns(history))
        return frame

    def export(self, target: str | Path | IO[Any], format: "Format | None" = None) -> None:  # noqa: A002
        """Write one row for each trial to a file or a stream.

        ``format`` is "csv", "json" or "parquet". By default it is taken from the ending of the file's name; for a
        stream it must be given. Raises `UnknownName` for another format, `UsageError` for a missing one, and
        `MissingExtra` for Parquet without pyarrow.
        """
        from trimma.display.export import export

        export(self.history, target, format)

    def importance(self) -> dict[str, float]:
        """How much each hyperparameter decides whether a config is among the best, as shares of 1.

        See `trimma.views.importance` for the method and its limits. Raises `StudyError` with fewer than 10 trials.
        """
        return {row.name: row.share for row in importance(self.history)}

    def __repr__(self) -> str:
        from trimma.display.study_repr import brief

        return brief(self.history, lost=self._lost())

    def __str__(self) -> str:
        from trimma.display.terminal.closing_summary import closing_text

        return closing_text(self.history, lost=self._lost()).rstrip()

    def _repr_html_(self) -> str:
        from trimma.display.notebook.study_html import study_html

        return study_html(self.history, lost=self._lost())

    def _lost(self) -> bool:
        """Whether nobody writes the study, although it wasn't closed."""
        if self.history.closed is not None or self._store.studies().get(self.name):
            return False
        # its driver may have closed it after the first look
        return self.history.closed is None

    def resume(
        self,
        *,
        objective: Callable[..., Any] | None = None,
        space: Space | Mapping[str, Any] | None = None,
        maximize: str | None = None,
        minimize: str | None = None,
        trials: int | None = None,
        timeout: float | None = None,
        target: float | None = None,
        patience: int | Patience | None = None,
        until: Rule | None = None,
        engine: str | Engine = "local",
        workers: int | None = None,
        data: Any = None,
        model: Any = None,
        repeats: int | None = None,
        progress: bool | View = True,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """Go on with a study that has ended, was interrupted or was killed, and return this handle.

        The objective, the data and the model are loaded from the store, unless they are given here. ``trials`` is a
        total number: with ``trials=200`` a study of 100 trials runs 100 more. By default it and the rules for ending
        stay as they were. The space and the metric can't be changed: giving others raises `StudyMismatch`. For an
        ablation, ``repeats`` may be a larger total number than before. ``observers`` are given only what is new from
        here on. All other arguments are those of `tune`.

        Raises `StudyError` when something that could not be stored isn't given, and what `tune` raises.
        """
        asked = Continuation(
            ledger=self._ledger,
            objective=objective,
            data=data,
            model=model,
            metric=None if maximize is minimize is None else metric_of(maximize, minimize),
            space=None if space is None else space_of(space),
            trials=None if trials is None else whole("trials", trials),
            until=until_of(until, timeout, target, patience),
            more=None if repeats is None else self._repeating(whole("repeats", repeats)),
            call=self._call,
        )
        launch(asked, engine_of(engine, workers), self._store, progress=progress, observers=observers)
        return self

    def _repeating(self, repeats: int) -> AsksMore:
        """A function that makes the study ask for ``repeats`` in all. Raises `UsageError` when it can't."""
        raise UsageError(f"repeats={repeats}: study {self.name!r} is no ablation, so it has no repeats")
