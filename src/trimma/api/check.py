"""``check``: one short trial in a real worker, and what is wrong with it in plain words."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trimma.api.arguments import engine_of, metric_of, whole
from trimma.api.arguments import seconds as seconds_of
from trimma.api.brief_trial import ENOUGH, brief_trial
from trimma.api.searched import searched
from trimma.api.study import Study
from trimma.errors import TrimmaError
from trimma.ports import BindsSearcher, BindsSpace, Engine, Scheduler, Searcher
from trimma.safe_text import safe
from trimma.space import Space
from trimma.spec import Metric
from trimma.trial import State, Trial

_UNNAMED = "the returned number"


@dataclass(frozen=True, slots=True)
class Check:
    """What a short run of an objective has shown. It is true when there are no ``problems``.

    ``metrics`` are the names of the metrics that the objective gave with ``config``. ``seconds`` is how long the trial
    took, or None when that isn't known. ``output`` is what it printed. ``remarks`` are what is no error, but good to
    know.
    """

    problems: tuple[str, ...]
    metrics: tuple[str, ...]
    config: Mapping[str, Any]
    seconds: float | None
    output: str
    remarks: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        if self.problems:
            return safe("\n".join(f"✗ {problem}" for problem in self.problems))
        took = "" if self.seconds is None else f" in {self.seconds:.2g} s"
        runs = f"✓ the objective runs in a worker with {dict(self.config)}; it gave {', '.join(self.metrics)}{took}"
        return safe("\n".join([runs, *(f"  {remark}" for remark in self.remarks)]))

    __repr__ = __str__


def check(
    objective: Callable[..., Any],
    space: Space | Mapping[str, Any],
    *,
    maximize: str | None = None,
    minimize: str | None = None,
    searcher: str | BindsSpace | Searcher | None = None,
    scheduler: str | BindsSearcher | Scheduler = "run-all",
    engine: str | Engine = "local",
    data: Any = None,
    model: Any = None,
    retry: int | type[Exception] | tuple[type[Exception], ...] = 0,
    steps: int | None = 3,
    seconds: float = 60.0,
) -> Check:
    """Run ``objective`` once in a worker, for at most three reports of the metric and ``seconds`` (default 60).

    The run is that of a trial in a study of `tune` with the same arguments, but nothing is stored. What is an error
    there is one here. It is not raised, but returned as a problem: arguments that make no sense, an objective that
    can't be sent, an exception, a crash, a metric that isn't a number or never comes.

    ``steps`` is the number of reports of the metric after which the trial is stopped (default 3). What the objective
    does after them isn't checked. With None, the trial runs to its end. Without ``maximize`` and ``minimize``, any
    metric will do.

    >>> print(tm.check(fit, space, maximize="accuracy"))
    """
    named = maximize is not None or minimize is not None
    try:
        metric = metric_of(maximize, minimize) if named else Metric(name=_UNNAMED, maximize=True)
        limit, most = seconds_of("seconds", seconds), None if steps is None else whole("steps", steps)
        spec, recipe = searched(
            objective,
            space,
            metric,
            searcher=searcher,
            scheduler=scheduler,
            data=data,
            model=model,
            retry=retry,
            attempts=1 if isinstance(retry, int) else 3,
        )
        study = brief_trial(spec, recipe, engine_of(engine, 1 if isinstance(engine, str) else None), limit, most, named)
    except TrimmaError as error:
        return Check((str(error),), (), {}, None, "")
    return _judged(study, metric.name if named else None)


def _judged(study: Study, metric: str | None) -> Check:
    trial = study.trials[0]
    metrics = tuple(sorted({*trial.curve.metrics, *trial.result}))
    problem = _problem(trial, metrics, metric)
    span = trial.spans[-1]
    took = None if span.end is None else span.end - span.start
    return Check(
        () if problem is None else (problem,),
        metrics,
        trial.config,
        took,
        study.output(trial.id),
        tuple(_remarks(study, trial, metric)),
    )


def _problem(trial: Trial, metrics: tuple[str, ...], metric: str | None) -> str | None:
    failure = trial.failure
    if failure is not None and not (failure.kind == "MetricMissing" and metric is None and metrics):
        return _plainly(failure.kind, failure.message, failure.traceback)
    if trial.state is State.STOPPED and (trial.value is None if metric else not metrics):
        what = f"the metric {metric!r} was reported" if metric else "anything was reported"
        return f"the trial ended before {what}: {trial.reason}"
    return None


def _remarks(study: Study, trial: Trial, metric: str | None) -> list[str]:
    found = []
    if trial.value is not None and not math.isfinite(trial.value):
        found.append(f"{metric or 'the metric'} was {trial.value}: that is recorded, and can never be best")
    scheduler = study.history.spec.scheduler
    if metric and scheduler != "RunAll()" and not len(study.history.scores):
        found.append(
            f"{scheduler} has nothing to judge by, because {metric!r} isn't reported on the way: "
            f"report({metric}=...) at each step"
        )
    if trial.reason == ENOUGH:
        found.append(f"it was stopped after {len(trial.curve)} reports: steps=None lets it run to its end")
    return found


def _plainly(kind: str, message: str, traceback: str) -> str:
    match kind:
        case "MetricMissing" | "ObjectiveError":
            return message
        case "Crash":
            return f"the objective ended its process: {message}"
        case "Timeout":
            return f"{message} without ending or reporting often enough"
    return f"the objective raised {kind}: {message}\n{traceback.rstrip()}"
