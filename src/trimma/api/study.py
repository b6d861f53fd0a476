"""The handle of a study: to read it, to look at it and to go on with it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from trimma.api.arguments import engine_of, metric_of, seconds, space_of, until_of, whole
from trimma.api.continuation import AsksMore, Continuation
from trimma.api.launch import launch
from trimma.api.own_stopping_rules import StoppingRule, given_anew
from trimma.api.progress_view import View, told_to_user
from trimma.api.send_request import ask, trial_of
from trimma.errors import StudyError, UsageError
from trimma.events import Logged
from trimma.ledger import Ledger
from trimma.loop import catch_up, replay
from trimma.ports import Engine, History, Observer, Store
from trimma.requests import ChangeTrials, ChangeWorkers, ContinueTrial, EndStudy, EndTrial, PauseTrial, Request
from trimma.space import Space
from trimma.spec import Metric
from trimma.stopping import Patience
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
        self._store, self._name = store, ledger.history.spec.name
        self._ledger: Ledger | None = ledger

    @property
    def name(self) -> str:
        """The study's name in the store."""
        return self._name

    @property
    def store(self) -> Store:
        """The store that holds the study's events."""
        return self._store

    @property
    def history(self) -> History:
        """All that is known of the study. Each access first reads what was stored since the last one.

        Raises `StoreError` when that can't be read.
        """
        # what can't be read leaves no ledger behind that has taken it in by half
        ledger, self._ledger = self._ledger, None
        if ledger is None:
            ledger = replay(self._store, self.name)
        else:
            catch_up(ledger, self._store, self.name)
        self._ledger = ledger
        return ledger.history

    @property
    def metric(self) -> Metric:
        """The metric that decides, and its direction."""
        return self.history.spec.metric

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
        """The trial with the best finite value among those that are done.

        As long as none is done, it is the best of those stopped trials that came furthest: its ``state`` is "stopped".
        Raises `StudyError` when no trial has ended with a finite value.
        """
        history = self.history
        if history.best is None:
            counts = ", ".join(f"{count} {state}" for state, count in history.counts.items() if count) or "none yet"
            raise StudyError(
                f"no trial of study {self.name!r} has ended with a finite {self.metric.name!r} (trials: {counts})"
            )
        return history.best

    def output(self, trial: int) -> str:
        """What a trial printed and logged; `StudyError` for a number that no trial has."""
        trial_of(self.history, trial)
        events = self._store.read(self.name)
        return "".join(event.text for event in events if isinstance(event, Logged) and event.trial == trial)

    def checkpoint(self, trial: int | None = None) -> AbstractContextManager[Path]:
        """A folder with the last checkpoint of a trial (default: the best one), as long as the context lasts.

        Which trials keep theirs after their end says ``checkpoints`` of `tune`. Raises `StudyError` when the trial has
        kept none, or when it is damaged.

        >>> with study.checkpoint() as folder:
        ...     model.load_state_dict(torch.load(folder / "model.pt"))
        """
        from trimma.api.checkpoint_place import fetched

        found = self.best if trial is None else trial_of(self.history, trial)
        return fetched(found, self.history, self._store)

    @property
    def plot(self) -> "Plots":
        """The study's pictures: curves, history, parallel, slices, timeline and importance.

        ``study.plot.curves()`` is a `trimma.display.plots.Plot`, which a notebook shows.
        ``study.plot.curves(file="curves.html")`` also writes it to a file, and ``file="curves.pdf"`` for a paper.
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

    def stop(self, trial: int | None = None) -> None:
        """Ask the process that runs the study to end it, or to stop one of its trials.

        It returns at once, and takes effect within about a second. A study that is ended is *interrupted*: everything
        is kept, `resume` goes on with it, and the `tune` that ran it returns it as it is. A running trial is stopped at
        its next report, one that is queued or paused at once.

        Raises `StudyError` for a study that isn't running, a trial that isn't there or can't be stopped any more, and a
        store that doesn't pass requests on.
        """
        self._ask(EndStudy() if trial is None else EndTrial(trial=whole("trial", trial, 0)))

    def pause(self, trial: int) -> None:
        """Ask a running trial to save itself and make room, which it does at its next report.

        It returns at once, and takes effect within about a second. The trial stays paused until `continue_trial`. One
        that is still paused when there is nothing else left to run is stopped. Raises what `stop` raises.
        """
        self._ask(PauseTrial(trial=whole("trial", trial, 0)))

    def continue_trial(self, trial: int) -> None:
        """Ask a paused trial to go on, as soon as a worker is idle; where it saved nothing, from its beginning.

        It returns at once, and takes effect within about a second. Raises what `stop` raises.
        """
        self._ask(ContinueTrial(trial=whole("trial", trial, 0)))

    def change(self, *, trials: int | None = None, workers: int | None = None) -> None:
        """Ask the running study to run so many ``trials`` in all, or to use so many ``workers``, or both.

        It returns at once, and takes effect within about a second. With fewer trials than there are, no more are begun,
        and those that run go on. Workers that are too many finish their trials first. The number of workers holds to
        the end of this session, the number of trials for good. Raises what `stop` raises.
        """
        if trials is None and workers is None:
            raise UsageError("say what to change: trials=, workers=, or both")
        requests: list[Request] = []
        if trials is not None:
            requests.append(ChangeTrials(trials=whole("trials", trials)))
        if workers is not None:
            requests.append(ChangeWorkers(workers=whole("workers", workers)))
        self._ask(*requests)

    def _ask(self, *requests: Request) -> None:
        ask(self._store, self.history, self.status, *requests)

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
        until: StoppingRule | None = None,
        engine: str | Engine = "local",
        workers: int | None = None,
        data: Any = None,
        model: Any = None,
        repeats: int | None = None,
        trust: bool = False,
        progress: bool | View = True,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """Go on with a study that has ended, was interrupted or was killed, and return this handle.

        The objective, the data and the model are loaded from the store, unless they are given here. ``trials`` is a
        total number: with ``trials=200`` a study of 100 trials runs 100 more. ``timeout`` is in seconds from here on.
        If none of ``trials``, ``timeout``, ``target``, ``patience`` and ``until`` is given, the limits stay as they
        were. Otherwise those that were reached are lifted: with ``trials=200``, a study that was ended by its timeout
        goes on. The space and the metric can't be changed: giving others raises `StudyMismatch`. For an
        ablation, ``repeats`` may be a larger total number than before. ``observers`` are given only what is new from
        here on. All other arguments are those of `tune`.

        To load the objective runs code that is stored with the study. Where it comes from is said on standard error.
        From a store that another user owns, or that others may write or replace, it isn't loaded unless ``trust`` is
        True.

        Raises `StudyError` when something that could not be stored isn't given (also a function that was given as
        ``until``), `StoreError` when the store isn't trusted, and what `tune` raises.
        """
        rule, own_rules = until_of(until, None, target, patience)
        asked = Continuation(
            name=self.name,
            objective=objective,
            data=data,
            model=model,
            metric=None if maximize is minimize is None else metric_of(maximize, minimize),
            space=None if space is None else space_of(space),
            trials=None if trials is None else whole("trials", trials),
            timeout=None if timeout is None else seconds("timeout", timeout),
            until=given_anew(rule),
            own_rules=own_rules,
            more=None if repeats is None else self._repeating(whole("repeats", repeats)),
            trust=trust,
            tell=told_to_user(progress),
            call=self._call,
        )
        launch(asked, engine_of(engine, workers), self._store, progress=progress, observers=observers)
        return self

    def _repeating(self, repeats: int) -> AsksMore:
        """A function that makes the study ask for ``repeats`` in all. Raises `UsageError` when it can't."""
        raise UsageError(f"repeats={repeats}: study {self.name!r} is no ablation, so it has no repeats")
