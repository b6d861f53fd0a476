"""Trials in virtual time: a day of a hundred workers in a second, the same each time.

The objective runs in this process, at once; only the time that it takes is made up. Workers differ in speed,
crash and leave as told, and everything random derives from ``seed``.
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from trimma.clock import ManualClock
from trimma.commands import Grow, Job, Send, Signal, Start
from trimma.errors import EngineError, UsageError
from trimma.facts import Fact, Halted, Joined, Left, Measured, Paused, Printed, Raised, Returned
from trimma.objective import Finished, Signature, StopTrial, as_metrics, fact_of, failure_of, next_step
from trimma.program import Program

Seconds = Callable[[Mapping[str, Any], int], float]
"""How long a step of a trial takes, in virtual seconds; its place is among the items of its config."""


class Simulated:
    """Workers on virtual time.

    A trial of several ranks goes at the pace of the slowest of its workers; its objective runs once, as rank 0.

    ``workers``: how many; ``seconds``: the time of one step, as a number or a function of config and step (an
    objective that never reports takes one step); ``straggle``: the sigma of each worker's lognormal speed;
    ``crash``: the chance, at each step, that the worker dies; ``restart``: seconds until it is back;
    ``start_up``: seconds between the joining of one worker and the next; ``checkpoints``: whether a trial that
    was paused goes on from there, or has to begin at the beginning.
    """

    gangs = True

    def __init__(
        self,
        workers: int = 4,
        *,
        seconds: float | Seconds = 1.0,
        straggle: float = 0.0,
        crash: float = 0.0,
        restart: float = 1.0,
        start_up: float = 0.0,
        checkpoints: bool = True,
        seed: int = 0,
    ) -> None:
        if workers < 1:
            raise UsageError(f"workers={workers!r} must be 1 or more")
        self.capacity = workers
        self.clock = ManualClock()
        self._seconds: Seconds = seconds if callable(seconds) else lambda config, step: seconds
        self._rng = np.random.default_rng(seed)
        self._speeds = np.exp(straggle * self._rng.standard_normal(workers)).tolist()
        self._straggle, self._crash, self._restart, self._start_up = straggle, crash, restart, start_up
        self._is_open = False
        self._checkpoint = "simulated" if checkpoints else None
        self._agenda: list[tuple[float, int, Callable[[], Fact | None]]] = []
        self._order = count()
        self._runs: dict[int, _Run] = {}

    def open(self, program: Program) -> None:
        self._program, self._signature = program, Signature.of(program.objective)
        self._is_open = True
        for slot in range(self.capacity):
            self._at(slot * self._start_up, Joined(worker=f"sim-{slot}"))

    def carry_out(self, command: Start | Send | Grow) -> None:
        match command:
            case Start(job=job):
                self._start(job)
            case Send(trial=trial, attempt=attempt, signal=signal):
                self._signal(trial, attempt, signal)
            case Grow(workers=workers):
                self._grow(workers)

    def tell(self, fact: Fact, after: float = 0.0) -> None:
        if self._is_open:
            self._at(after, fact)

    def _grow(self, workers: int) -> None:
        for slot in range(self.capacity, workers):
            self._speeds.append(float(np.exp(self._straggle * self._rng.standard_normal())))
            self._at((slot - self.capacity) * self._start_up, Joined(worker=f"sim-{slot}"))
        self.capacity = max(self.capacity, workers)

    def _start(self, job: Job) -> None:
        script = _script(self._program, self._signature, job)
        slowest = max(self._speeds[int(worker[4:])] for worker in job.workers)
        run = self._runs[job.trial] = _Run(job, script, slowest)
        self._next(run)

    def _signal(self, trial: int, attempt: int, signal: Signal) -> None:
        run = self._runs.get(trial)
        if run is None or run.job.attempt != attempt:
            return
        if signal is Signal.KILL:
            self._kill(run)
        elif signal is not Signal.CONTINUE:
            run.stopped = (
                Halted(trial=trial, attempt=attempt)
                if signal is Signal.STOP
                else Paused(trial=trial, attempt=attempt, checkpoint=self._checkpoint)
            )
            if run.waiting:
                self._end(run, run.stopped)
        elif run.waiting:
            run.waiting = False
            self._next(run)

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[Fact]:
        limit = math.inf if timeout is None else self.clock.now() + timeout
        if not self._agenda or self._agenda[0][0] > limit:
            if limit == math.inf:
                raise EngineError("nothing will ever happen: every simulated trial waits or takes forever")
            # rounding must not hold time still just before the moment that is waited for
            self.clock.advance_to(max(limit, math.nextafter(self.clock.now(), math.inf)))
            return ()
        moment = self._agenda[0][0]
        self.clock.advance_to(moment)
        facts = []
        while self._agenda and self._agenda[0][0] <= moment:
            _, _, act = heapq.heappop(self._agenda)
            if (fact := act()) is not None:
                facts.append(fact)
        return facts

    def close(self) -> None:
        self._is_open = False
        for run in self._runs.values():
            run.script.close()
        self._agenda.clear()
        self._runs.clear()

    def _at(self, delay: float, what: Fact | Callable[[], Fact | None]) -> None:
        act = what if callable(what) else lambda: what
        heapq.heappush(self._agenda, (self.clock.now() + delay, next(self._order), act))

    def _next(self, run: "_Run") -> None:
        """Put the end of the run's next step on the agenda."""
        delay = self._seconds({**run.job.place, **run.job.config}, (run.step or 0) + 1) * run.speed
        if delay < math.inf:
            self._at(delay, lambda: self._advance(run))

    def _advance(self, run: "_Run") -> Fact | None:
        job = run.job
        if self._runs.get(job.trial) is not run or run.waiting or run.broken:
            return None
        if run.stopped is not None:
            return self._finish(run, run.stopped)
        if self._crash and self._rng.random() < self._crash:
            self._fail(run)
            return None
        try:
            said = next(run.script)
            while run.step is not None and run.behind:
                run.behind = isinstance(said, str) or said[0] < run.step
                said = next(run.script)
        except StopIteration as end:
            return self._finish(run, end.value)
        if isinstance(said, str):
            self._at(0.0, lambda: self._advance(run))
            return Printed(trial=job.trial, attempt=job.attempt, text=said)
        step, metrics = said
        before, run.step = run.step or 0, step
        if job.budget is not None and step >= job.budget:
            self._end(run, Returned(trial=job.trial, attempt=job.attempt, metrics={}))
        elif bisect_right(job.rungs, step) > bisect_right(job.rungs, before):
            run.waiting = True
        else:
            self._next(run)
        return Measured(trial=job.trial, attempt=job.attempt, step=step, metrics=metrics)

    def _end(self, run: "_Run", fact: Fact) -> None:
        self._at(0.0, lambda: self._finish(run, fact))

    def _finish(self, run: "_Run", fact: Fact) -> Fact | None:
        if self._runs.get(run.job.trial) is not run or run.broken:
            return None
        del self._runs[run.job.trial]
        run.script.close()
        return fact

    def _fail(self, run: "_Run") -> None:
        """One of the attempt's workers dies. The others know nothing of it: they go on until they are killed."""
        workers = run.job.workers
        run.broken = workers[0] if len(workers) == 1 else workers[int(self._rng.integers(len(workers)))]
        self._lose(run.broken, "crashed")
        if len(workers) == 1:
            self._forget(run)

    def _kill(self, run: "_Run") -> None:
        for worker in run.job.workers:
            if worker != run.broken:
                self._lose(worker, "killed")
        self._forget(run)

    def _forget(self, run: "_Run") -> None:
        del self._runs[run.job.trial]
        run.script.close()

    def _lose(self, worker: str, cause: str) -> None:
        self._at(0.0, Left(worker=worker, cause=cause))
        self._at(self._restart, Joined(worker=worker))


class _Run:
    __slots__ = ("behind", "broken", "job", "script", "speed", "step", "stopped", "waiting")

    def __init__(self, job: Job, script: "_Script", speed: float) -> None:
        self.job, self.script, self.speed = job, script, speed
        self.step = job.checkpoint.step if job.checkpoint else None
        # the script begins at the beginning: what came before the checkpoint is passed over, and takes no time
        self.behind = job.checkpoint is not None
        self.stopped: Fact | None = None
        self.waiting = False
        self.broken: str | None = None  # the worker that has died


_Script = Generator[str | tuple[int, dict[str, float]], None, Returned | Raised | Halted | Paused]


class _Handle:
    """The ``trial`` of a simulated objective."""

    def __init__(self, job: Job, said: list[Any]) -> None:
        self.id, self.attempt, self.config = job.trial, job.attempt, job.config
        self.budget, self.worker, self.checkpoint = job.budget, job.worker, None
        self._said = said

    def log(self, *values: object) -> None:
        self._said.append(" ".join(map(str, values)) + "\n")


def _script(program: Program, signature: Signature, job: Job) -> _Script:
    """What an attempt will say, step by step, and at last what becomes of it.

    A generator's steps are computed as they are needed, a function's all at once.
    """
    said: list[str | tuple[int, dict[str, float]]] = []
    step: int | None = None

    def report(value: Any = None, /, *, step: int | None = None, save: Any = None, **metrics: Any) -> None:
        numbers = as_metrics(value, program.metric) | as_metrics(metrics, program.metric)
        note(numbers, step)
        if job.budget is not None and position() >= job.budget:
            raise Finished

    def note(numbers: dict[str, float], given: int | None) -> None:
        nonlocal step
        step = next_step(step, given)
        said.append((step, numbers))

    def position() -> int:
        return step or 0

    extras = {"report": report, "trial": _Handle(job, said)}
    key = {"trial": job.trial, "attempt": job.attempt}
    outcome: Returned | Raised | Halted | Paused
    try:
        inputs = program.fresh().inputs(job.trial, job.config, job.place)
        given = program.objective(**signature.arguments(inputs, extras))
        if isinstance(given, Iterator):
            final = yield from _stepwise(given, program.metric, report, said)
        else:
            final = as_metrics(given, program.metric)
        outcome = Returned(metrics=final, **key)
    except StopTrial as stop:
        outcome = fact_of(stop, job.trial, job.attempt)
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        outcome = Raised(failure=failure_of(error, __file__), **key)
    yield from said
    return outcome


def _stepwise(
    given: Iterator[Any], metric: str, report: Callable[..., None], said: list[Any]
) -> Generator[Any, None, dict[str, float]]:
    while True:
        try:
            value = next(given)
        except StopIteration as end:
            return as_metrics(end.value, metric)
        report(**as_metrics(value, metric))
        yield from said
        said.clear()
