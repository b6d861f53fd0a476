"""``check``: one short trial in a real worker, and what is wrong with it in plain words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from numpy.random import Generator

from trimma.api.arguments import metric_of, space_of
from trimma.api.study import Study
from trimma.core import Policy
from trimma.data import portable
from trimma.engines import Local
from trimma.errors import TrimmaError
from trimma.loop import create, run
from trimma.objective import Signature
from trimma.ports import CONTINUE, History, Searcher, Suggestion, Verdict
from trimma.program import Program
from trimma.search import RandomSearch
from trimma.space import Space
from trimma.spec import Metric, StudySpec
from trimma.stores import MemoryStore
from trimma.trial import Trial
from trimma.trial_folders import TrialFolders

_STEPS = 3
_UNNAMED = "the returned number"


@dataclass(frozen=True, slots=True)
class Check:
    """What a short run of an objective has shown. It is true when there are no ``problems``.

    ``metrics`` are the names of the metrics that the objective gave with ``config``. ``seconds`` is how long the trial
    took, or None when that isn't known. ``output`` is what it printed.
    """

    problems: tuple[str, ...]
    metrics: tuple[str, ...]
    config: Mapping[str, Any]
    seconds: float | None
    output: str

    def __bool__(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        if self.problems:
            return "\n".join(f"✗ {problem}" for problem in self.problems)
        took = "" if self.seconds is None else f" in {self.seconds:.2g} s"
        return f"✓ the objective runs in a worker with {dict(self.config)}; it gave {', '.join(self.metrics)}{took}"

    __repr__ = __str__


def check(
    objective: Callable[..., Any],
    space: Space | Mapping[str, Any],
    *,
    maximize: str | None = None,
    minimize: str | None = None,
    data: Any = None,
    model: Any = None,
    seconds: float = 60.0,
) -> Check:
    """Run ``objective`` once in a worker, for at most three reports and ``seconds`` (default 60).

    The run is like that of a trial in a study, but nothing is stored. What is wrong is not raised, but returned as
    problems: wrong arguments, an objective that can't be sent, an exception, a crash, nothing reported, or a metric
    that isn't a number. Without ``maximize`` and ``minimize``, any metric will do.

    >>> print(tm.check(fit, space, maximize="accuracy"))
    """
    try:
        metric = None if maximize is minimize is None else metric_of(maximize, minimize).name
        space = space_of(space)
        provided = [name for name, part in (("data", data), ("model", model)) if part is not None]
        Signature.of(objective).check(space.keys, provided)
        program = Program(objective=objective, metric=metric or _UNNAMED, data=portable(data), model=model)
        with TemporaryDirectory(prefix="trimma-") as folder:
            folders = TrialFolders(root=folder, owner="check")
            folders.mark.write_text(folders.owner, encoding="utf-8")
            study = _try(replace(program, folders=folders), space, seconds)
    except TrimmaError as error:
        return Check((str(error),), (), {}, None, "")
    return _judged(study, metric)


def _try(program: Program, space: Space, seconds: float) -> Study:
    engine, store = Local(workers=1), MemoryStore()
    spec = StudySpec(
        name="check",
        metrics=(Metric(name=program.metric, maximize=True),),
        seed=0,
        trials=1,
        max_attempts=1,
        trial_timeout=seconds,
        failures_to_give_up=2,
    )
    ledger = create(store, spec, None, engine.clock.now())
    with store.claim(spec.name):
        run(
            ledger,
            Policy(_Brief(RandomSearch().bind(space, 0, None))),
            engine,
            store,
            program,
            trials=1,
            until=None,
            observe=lambda events, history, now: None,
            requests=lambda: (),
        )
    return Study(store, ledger)


def _judged(study: Study, metric: str | None) -> Check:
    trial = study.trials[0]
    metrics = tuple(sorted({*trial.curve.metrics, *trial.result}))
    problems = []
    failure = trial.failure
    if failure is not None and not (failure.kind == "MetricMissing" and metric is None and metrics):
        problems.append(_plainly(failure.kind, failure.message, failure.traceback))
    span = trial.spans[-1]
    took = None if span.end is None else span.end - span.start
    return Check(tuple(problems), metrics, trial.config, took, study.output(trial.id))


def _plainly(kind: str, message: str, traceback: str) -> str:
    match kind:
        case "MetricMissing" | "ObjectiveError":
            return message
        case "Crash":
            return f"the objective ended its process: {message}"
        case "Timeout":
            return f"{message} without ending or reporting three times"
    return f"the objective raised {kind}: {message}\n{traceback.rstrip()}"


@dataclass(frozen=True, slots=True)
class _Brief:
    """A scheduler that ends each trial after a few steps."""

    searcher: Searcher

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        found = self.searcher.suggest(history, free, rng)
        return [msgspec.structs.replace(suggestion, budget=_STEPS) for suggestion in found]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        return CONTINUE
