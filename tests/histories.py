"""Histories for tests: written by hand, event by event, or run on the simulated engine."""

import math
from collections.abc import Mapping
from typing import Any

import trimma.loop
from trimma import events as ev
from trimma.core import Policy
from trimma.engines.simulated import Simulated
from trimma.ledger import Ledger
from trimma.ports import History
from trimma.program import Program
from trimma.schedule import Asha
from trimma.search import RandomSearch
from trimma.space import Choice, Float, Int, Space
from trimma.spec import Metric, StudySpec
from trimma.stores import MemoryStore


class Log:
    """A study written by hand; ``log.at(3)`` sets the time of what follows."""

    def __init__(self, *, maximize: bool = False, space: Space | None = None, **spec: Any) -> None:
        self.ledger, self.now = Ledger(), 0.0
        metric = Metric(name="accuracy" if maximize else "loss", maximize=maximize)
        described = space.describe() if space else []
        self._spec = StudySpec(name="fashion", metrics=(metric,), seed=1, space=described, **spec)
        self._record(ev.StudyCreated, spec=self._spec)

    @property
    def history(self) -> History:
        return self.ledger.history

    def at(self, seconds: float) -> "Log":
        self.now = seconds
        return self

    def open(self) -> None:
        self._record(ev.StudyOpened, trials=self._spec.trials, until=self._spec.until)

    def join(self, *workers: str) -> None:
        for worker in workers:
            self._record(ev.WorkerJoined, worker=worker)

    def leave(self, worker: str) -> None:
        self._record(ev.WorkerLost, worker=worker, cause="gone")

    def queue(self, budget: int | None = None, place: Mapping[str, Any] | None = None, **config: Any) -> int:
        number = self.history.trial_count
        self._record(ev.TrialQueued, trial=number, config=config, place=dict(place or {}), budget=budget)
        return number

    def start(
        self, worker: str, budget: int | None = None, place: Mapping[str, Any] | None = None, **config: Any
    ) -> int:
        number = self.queue(budget, place, **config)
        self.restart(number, worker)
        return number

    def restart(self, trial: int, worker: str) -> None:
        attempt = self.history.trials[trial].attempt + 1
        self._record(ev.TrialStarted, trial=trial, attempt=attempt, workers=(worker,))

    def report(self, trial: int, step: int, **metrics: float) -> None:
        self._of(ev.Reported, trial, step=step, metrics=metrics)

    def curve(self, trial: int, *values: float) -> None:
        for step, value in enumerate(values, start=1):
            self.report(trial, step, **{self.history.spec.metric.name: value})

    def finish(self, trial: int, seconds: float | None = None, **metrics: float) -> None:
        self._of(ev.TrialFinished, trial, metrics=metrics, seconds=seconds)

    def stop(self, trial: int, reason: str = "behind") -> None:
        if self.history.trials[trial].workers:
            self._of(ev.StopRequested, trial, reason=reason)
        self._of(ev.TrialStopped, trial, reason=reason)

    def fail(self, trial: int, kind: str = "ValueError", message: str = "no", traceback: str = "") -> None:
        self._of(ev.TrialFailed, trial, failure=ev.Failure(kind=kind, message=message, traceback=traceback))

    def pause(self, trial: int, *, saves: bool = True) -> None:
        self._of(ev.PauseRequested, trial, reason="a rung")
        if saves:
            self._of(ev.CheckpointSaved, trial, step=self.history.trials[trial].curve.steps[-1])
        self._of(ev.TrialPaused, trial)

    def go_on(self, trial: int, worker: str) -> None:
        self._of(ev.TrialResumed, trial)
        self.restart(trial, worker)

    def lose(self, trial: int) -> None:
        self._of(ev.TrialLost, trial, cause="gone")

    def close(self, outcome: ev.Outcome = ev.Outcome.FINISHED, reason: str = "all trials were run") -> None:
        self._record(ev.StudyClosed, outcome=outcome, reason=reason)

    def _of(self, kind: type, trial: int, **fields: Any) -> None:
        self._record(kind, trial=trial, attempt=self.history.trials[trial].attempt, **fields)

    def _record(self, kind: type, **fields: Any) -> None:
        self.ledger.fold(kind(at=self.now, **fields))


def opened(*workers: str, **settings: Any) -> Log:
    """A log whose first session has begun, with workers."""
    log = Log(**settings)
    log.open()
    log.join(*workers)
    return log


SPACE = Space(
    opt={"name": "adam", "lr": Float(1e-4, 1e-1, log=True)},
    width=Int(16, 256, log=True),
    act=Choice("relu", "gelu", "tanh"),
    dropout=Float(0.0, 0.5),
)


def train(opt, width, act, dropout, report):
    distance = abs(math.log10(opt["lr"]) + 2)
    if width > 240:
        raise MemoryError(f"width={width} does not fit\nsee above")
    floor = 0.1 + 0.3 * distance**2 + 0.05 * abs(dropout - 0.2)
    for step in range(1, 10):
        report(loss=math.nan if opt["lr"] > 0.09 and step > 2 else floor + 2 / step, accuracy=1 / (1 + floor + step))


def simulated(
    trials: int = 40, workers: int = 4, *, objective=train, space: Space = SPACE, observe=None, **engine: Any
) -> History:
    """A study that was run on the simulated engine: the same each time."""
    spec = StudySpec(
        name="fashion", metrics=(Metric(name="loss", maximize=False),), seed=1, trials=trials, space=space.describe()
    )
    store, machine = MemoryStore(), Simulated(workers, **engine)
    ledger = trimma.loop.create(store, spec, None, 0.0)
    trimma.loop.run(
        ledger,
        Policy(Asha(max_steps=9).bind(RandomSearch().bind(space, 1, None))),
        machine,
        store,
        Program(objective=objective, metric="loss"),
        trials=trials,
        until=None,
        observe=observe or (lambda events, history, now: None),
        requests=lambda: (),
    )
    return ledger.history


def returned(values: list[Mapping[str, Any]], losses: list[float], space: Space | None = None) -> History:
    """A study whose trials had these configs and returned these losses, one after the other."""
    log = opened("a", space=space)
    for place, (config, loss) in enumerate(zip(values, losses, strict=True)):
        number = log.at(float(place)).start("a", **config)
        log.at(place + 1.0).finish(number, loss=loss)
    return log.history


def large(trials: int = 5000) -> History:
    """Many trials of ten steps each, on a hundred workers, every second one stopped."""
    workers = [f"w{place}" for place in range(100)]
    log = opened(*workers, space=Space(lr=Float(1e-4, 1.0, log=True), act=Choice("relu", "gelu")))
    for place in range(trials):
        log.at(float(place // 100))
        number = log.start(
            workers[place % 100], budget=10, lr=10 ** -(place % 40 / 10), act=("relu", "gelu")[place % 2]
        )
        log.curve(number, *(1 / (step + 1 + place % 7) for step in range(10 if place % 2 else 3)))
        log.finish(number) if place % 2 else log.stop(number)
    log.at(trials / 100).close()
    return log.history


def half_run() -> Log:
    """Two ended, one failed, three running, in the middle of a study."""
    space = Space(lr=Float(1e-4, 1e-1, log=True), width=Int(16, 256), act=Choice("relu", "gelu"))
    log = opened("w-0", "w-1", "w-2", "w-3", space=space, trials=20)
    done = log.start("w-0", budget=9, lr=0.01, width=64, act="relu")
    stopped = log.start("w-1", budget=9, lr=0.0001, width=32, act="gelu")
    failed = log.start("w-2", budget=9, lr=0.1, width=250, act="gelu")
    log.curve(stopped, 2.5, 2.25)
    log.at(4).fail(failed, "MemoryError", "too large\nsee above", 'File "train.py", line 3\nMemoryError: too large')
    log.at(6).stop(stopped)
    log.curve(done, *(1 / step for step in range(1, 10)))
    log.at(9).finish(done)
    first = log.start("w-0", budget=9, lr=0.02, width=100, act="relu")
    log.start("w-1", budget=9, lr=0.003, width=17, act="gelu")
    stopping = log.at(10).start("w-2", budget=9, lr=0.05, width=200, act="relu")
    log.at(12).curve(first, 1.5, 0.75)
    log.curve(stopping, float("nan"))
    return log


def missing_and_failed():
    """A union of spaces, in which some trials lack what others have, and one fails."""
    space = Space(kind="svm", C=Float(1e-3, 1e3, log=True)) + Space(kind="tree", depth=Float(1, 20))
    log = opened("a", space=space, maximize=True)
    for place in range(20):
        config = {"kind": "svm", "C": 10.0 ** (place % 5 - 2)} if place % 2 else {"kind": "tree", "depth": place + 1}
        log.at(place + 1.0).finish(log.start("a", **config), accuracy=0.9 + place / 1000)
    log.at(30).fail(log.start("a", kind="tree", depth=19.0))
    return log.history


def drawn(space: Space, rng: Any, branch: int = 0) -> dict[str, Any]:
    """A config of one of the space's branches, at random."""
    chosen = space.branches[branch]
    return chosen.encoding.config(rng.random(len(chosen.variables)))
