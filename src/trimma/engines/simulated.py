"""Trials on virtual time: a day of a hundred workers passes in a second, and is the same each time.

The objective really runs, in this process. Only the time that it takes is simulated. Workers may differ in speed and
may crash, as the arguments of the engine say. Everything random derives from ``seed``.
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from trimma.clock import ManualClock
from trimma.commands import Grow, Job, Renew, Send, Signal, Start
from trimma.engines.recorded_attempt import RecordedAttempt
from trimma.engines.renew_setting import checked_renew
from trimma.errors import EngineError, UsageError
from trimma.facts import Fact, Joined, Left, Measured, Printed, Saved
from trimma.objective import MakeRoom, Signature, StopTrial
from trimma.ports import History, News, RenewSetting
from trimma.program import Program
from trimma.tuples_in_json import restore_tuples
from trimma.worker.output_by_thread import share, unshare

Seconds = Callable[[Mapping[str, Any], int], float]
"""How long a step of a trial takes, in virtual seconds. The arguments are the trial's config, with the items of its
place added, and the number of the step."""


class Simulated:
    """An engine whose workers run on virtual time.

    All times are in virtual seconds.

    - ``workers``: the number of workers (default 4).
    - ``seconds``: the time of one step, as a number (default 1) or a function of config and step. An objective that
      never reports takes one step.
    - ``straggle``: the sigma of the lognormal distribution from which each worker's slowness is drawn (default 0: all
      are equally fast).
    - ``crash``: the probability, at each step, that the worker dies (default 0).
    - ``restart``: the time until a worker that died or was renewed is back (default 1).
    - ``start_up``: the time between the joining of one worker and of the next (default 0).
    - ``checkpoints``: whether a trial that was paused goes on from where it was (default True), or from its beginning.
    - ``planning``: how long it takes to decide what to try next, as a number (default 0) or a function of the history.
      Trials go on while a plan is made.
    - ``renew``: when a worker is renewed, as for `Local` (default "failure"). It takes as long as a ``restart``. The
      process is this one all the while.
    - ``seed``: the seed of everything random (default 0).

    A trial of several ranks goes at the pace of the slowest of its workers. Its objective runs once, as rank 0.

    Raises `UsageError` for fewer than one worker. `poll` raises `EngineError` when nothing can ever happen any more.
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
        planning: float | Callable[[History], float] = 0.0,
        renew: RenewSetting = "failure",
        seed: int = 0,
    ) -> None:
        if workers < 1:
            raise UsageError(f"workers={workers!r} must be 1 or more")
        self.capacity = self._size = workers
        self.clock = ManualClock()
        self._seconds: Seconds = seconds if callable(seconds) else lambda config, step: seconds
        self._rng = np.random.default_rng(seed)
        self._speeds = np.exp(straggle * self._rng.standard_normal(workers)).tolist()
        self._straggle, self._crash, self._restart, self._start_up = straggle, crash, restart, start_up
        self.planning = planning
        self.renew = checked_renew(renew)
        self._checkpoints = checkpoints
        self._agenda: list[tuple[float, int, Callable[[], News | None]]] = []
        self._order = count()
        self._runs: dict[int, _Run] = {}
        self._is_open = False

    def open(self, program: Program) -> None:
        self.capacity = self._size
        self._program, self._signature = program, Signature.of(program.objective)
        if not self._is_open:
            self._is_open = True
            share()
        for slot in range(self.capacity):
            self._at(slot * self._start_up, Joined(worker=f"sim-{slot}"))

    def carry_out(self, command: Start | Send | Grow | Renew) -> None:
        if isinstance(command, Start):
            self._start(command.job)
        elif isinstance(command, Send):
            self._signal(command.trial, command.attempt, command.signal)
        elif isinstance(command, Renew):
            self._at(self._restart, Joined(worker=command.worker))
        else:
            self._grow(command.workers)

    def tell(self, fact: News, after: float = 0.0) -> None:
        if self._is_open:
            self._at(after, fact)

    def _grow(self, workers: int) -> None:
        for slot in range(self.capacity, workers):
            self._speeds.append(float(np.exp(self._straggle * self._rng.standard_normal())))
            self._at((slot - self.capacity) * self._start_up, Joined(worker=f"sim-{slot}"))
        self.capacity = max(self.capacity, workers)

    def _start(self, job: Job) -> None:
        attempt = RecordedAttempt(job, self._program, self._signature)
        slowest = max(self._speeds[int(worker[4:])] for worker in job.workers)
        run = self._runs[job.trial] = _Run(job, attempt, slowest)
        self._next(run)

    def _signal(self, trial: int, attempt: int, signal: Signal) -> None:
        run = self._runs.get(trial)
        if run is None or run.job.attempt != attempt:
            return
        if signal is Signal.KILL:
            self._kill(run)
        elif signal is not Signal.CONTINUE:
            stop = run.stopped = StopTrial() if signal is Signal.STOP else MakeRoom()
            if run.waiting:
                self._at(0.0, lambda: self._stop(run, stop))
        elif run.waiting:
            run.waiting = False
            self._next(run)

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[News]:
        limit = math.inf if timeout is None else self.clock.now() + timeout
        if not self._agenda or self._agenda[0][0] > limit:
            if limit == math.inf:
                raise EngineError("nothing will ever happen: every simulated trial waits or takes forever")
            # at least one representable number further, or rounding could stop time just before the awaited moment
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
        for run in self._runs.values():
            run.attempt.close()
        self._agenda.clear()
        self._runs.clear()
        if self._is_open:
            self._is_open = False
            unshare()

    def _at(self, delay: float, what: News | Callable[[], News | None]) -> None:
        act = what if callable(what) else lambda: what
        heapq.heappush(self._agenda, (self.clock.now() + delay, next(self._order), act))

    def _next(self, run: "_Run") -> None:
        """Put the end of the run's next step on the agenda."""
        delay = self._seconds(run.described, (run.step or 0) + 1) * run.speed
        if delay < math.inf:
            self._at(delay, lambda: self._advance(run))

    def _advance(self, run: "_Run") -> Fact | None:
        job = run.job
        if self._runs.get(job.trial) is not run or run.waiting or run.broken:
            return None
        if run.stopped is not None:
            return self._stop(run, run.stopped)
        if self._crash and self._rng.random() < self._crash:
            self._fail(run)
            return None
        said = run.attempt.next()
        while run.behind and isinstance(said, Measured | Printed):
            run.behind = isinstance(said, Printed) or said.step < (run.step or 0)
            said = run.attempt.next()
        if isinstance(said, Printed):
            self._at(0.0, lambda: self._advance(run))
        elif isinstance(said, Measured):
            before, run.step = run.step or 0, said.step
            if job.budget is not None and said.step >= job.budget:
                # what comes now is what stands after the loop of the objective, and the end
                self._at(0.0, lambda: self._conclude(run))
            elif bisect_right(job.rungs, said.step) > bisect_right(job.rungs, before):
                run.waiting = True
            else:
                self._next(run)
        else:
            del self._runs[job.trial]
        return said

    def _stop(self, run: "_Run", stop: StopTrial) -> Fact | None:
        if self._runs.get(run.job.trial) is not run or run.broken:
            return None
        run.attempt.stop(stop)
        if not isinstance(stop, MakeRoom) or not self._checkpoints or run.step is None:
            return self._conclude(run)
        self._at(0.0, lambda: self._conclude(run))
        return Saved(trial=run.job.trial, attempt=run.job.attempt, step=run.step, size=0, seconds=0.0)

    def _conclude(self, run: "_Run") -> Fact | None:
        """The next of the run's last messages, or its end. These messages take no time."""
        if self._runs.get(run.job.trial) is not run or run.broken:
            return None
        said = run.attempt.next()
        if isinstance(said, Printed):
            self._at(0.0, lambda: self._conclude(run))
        else:
            del self._runs[run.job.trial]
        return said

    def _fail(self, run: "_Run") -> None:
        """Let one of the attempt's workers die. The others don't know of it, and go on until they are killed."""
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
        run.attempt.close()

    def _lose(self, worker: str, cause: str) -> None:
        self._at(0.0, Left(worker=worker, cause=cause))
        self._at(self._restart, Joined(worker=worker))


class _Run:
    __slots__ = ("attempt", "behind", "broken", "described", "job", "speed", "step", "stopped", "waiting")

    def __init__(self, job: Job, attempt: RecordedAttempt, speed: float) -> None:
        self.job, self.attempt, self.speed = job, attempt, speed
        self.described = {**restore_tuples(job.place), **restore_tuples(job.config)}
        self.step = job.checkpoint.step if job.checkpoint else None
        # the recorded attempt begins at the beginning, so its messages from before the checkpoint are skipped
        self.behind = job.checkpoint is not None
        self.stopped: StopTrial | None = None
        self.waiting = False
        self.broken: str | None = None  # the worker that has died
