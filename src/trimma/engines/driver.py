"""The engine whose trials are threads of this process, for objectives that use a cluster by themselves."""

import ctypes
import re
import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from trimma.clock import SystemClock
from trimma.commands import Grow, Job, Renew, Send, Signal, Start
from trimma.engines.spark.job_cancellation import Canceller
from trimma.engines.spark.job_tags import TaggedJobs, jobs_of
from trimma.errors import EngineError, UsageError
from trimma.facts import Fact, Halted, Joined, Left, Raised
from trimma.objective import Signature
from trimma.ports import News
from trimma.program import Program
from trimma.worker.attempt import run_attempt
from trimma.worker.output_by_thread import printing_to, share, unshare

_LOOK_UP = 0.25
_GRACE = 3.0
_UNREAD = 256


class _GivenUp(SystemExit):
    """Raised inside an attempt that is to end at once. Threading prints nothing about it."""


class Driver:
    """Runs trials in threads of this process, for objectives that use a cluster or a remote service by themselves.

    ``threads`` trials run at a time (default 4). All share the memory of this process: the objective is called as it
    is, never pickled. Trials share the values in ``data``. Each trial gets its own copy of ``model``, except for models
    of Spark and functions that make models. Pure Python code isn't faster in several threads; `Local` is the engine for
    it.

    ``session`` is a Spark session (classic or Connect, 3.5 or later; default: the active session, if there is one). The
    jobs of each trial carry the tag ``trimma-<study>-<trial>-<attempt>``, and the jobs of a trial that is stopped are
    cancelled at once. With ``spark.scheduler.mode=FAIR`` the trials share the cluster evenly, because each thread has
    its own pool. What a trial's thread prints is kept with the trial.

    Python can't end a thread by force. When a trial is killed, because it ran over its time or didn't heed a stop, its
    jobs are cancelled and SystemExit is raised in its thread. Another thread takes its place, even if the old one
    doesn't end.

    Raises `UsageError` if ``threads`` isn't a whole number from 1 on. When a study is started, raises `EngineError` for
    a session that can't be used, and if the engine runs another study.
    """

    in_process = True

    def __init__(self, threads: int = 4, session: Any = None) -> None:
        if threads < 1 or threads != int(threads):
            raise UsageError(f"threads={threads!r} must be a whole number, 1 or more")
        self.capacity = self._size = threads
        self.clock = SystemClock()
        self._session = session
        self._running: dict[str, _Attempt] = {}
        self._told: list[News] = []
        self._is_open = False

    def __repr__(self) -> str:
        return f"Driver(threads={self.capacity})"

    def open(self, program: Program) -> None:
        if self._is_open:
            raise EngineError("this engine is running a study already: give each study an engine of its own")
        self.capacity = self._size
        self._program, self._signature = program, Signature.of(program.objective)
        jobs_of(self._session)  # refuses a session that can't be used before anything runs
        self._said: SimpleQueue[tuple[_Attempt | None, News]] = SimpleQueue()
        self._canceller = Canceller()
        self._told = [Joined(worker=f"driver-{slot}") for slot in range(self.capacity)]
        self._is_open = True
        share()

    def carry_out(self, command: Start | Send | Grow | Renew) -> None:
        match command:
            case Start(job=job):
                self._start(job)
            case Send(trial=trial, attempt=attempt, signal=signal):
                self._signal(trial, attempt, signal)
            case Grow(workers=workers):
                self._told += [Joined(worker=f"driver-{slot}") for slot in range(self.capacity, workers)]
                self.capacity = max(self.capacity, workers)

    def tell(self, fact: News, after: float = 0.0) -> None:
        if self._is_open:
            self._said.put((None, fact))

    def _start(self, job: Job) -> None:
        attempt = _Attempt(job, self._program, self._signature, self._said)
        try:
            attempt.begin(jobs_of(self._session))
        except EngineError:
            raise
        except Exception as error:
            raise EngineError(f"the Spark session can't be used any more: {error}") from error
        self._running[job.worker] = attempt

    def _signal(self, trial: int, attempt: int, signal: Signal) -> None:
        named = (run for run in self._running.values() if (run.job.trial, run.job.attempt) == (trial, attempt))
        running = next(named, None)
        if running is None:
            return
        if signal is Signal.KILL:
            worker = running.job.worker
            del self._running[worker]
            running.give_up()
            self._told += [Left(worker=worker, cause="its thread was given up"), Joined(worker=worker)]
        else:
            running.tell(Send(trial=trial, attempt=attempt, signal=signal))
            running.is_stopping = running.is_stopping or signal is Signal.STOP
        if running.is_unwanted:
            self._canceller.cancel(running)

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[News]:
        facts, self._told = self._told, []
        patience = 0.0 if facts else _LOOK_UP if timeout is None else min(timeout, _LOOK_UP)
        try:
            facts += self._heard(*self._said.get(timeout=patience))
            for _ in range(self._said.qsize()):
                facts += self._heard(*self._said.get_nowait())
        except Empty:
            pass
        return facts

    def _heard(self, attempt: "_Attempt | None", fact: News) -> Sequence[News]:
        if attempt is None:
            return (fact,)
        worker = attempt.job.worker
        if self._running.get(worker) is not attempt:
            return ()
        attempt.was_heard()
        if fact is attempt.end:
            del self._running[worker]
            if isinstance(fact, Left):
                return (fact, Joined(worker=worker))
        return (fact,)

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        attempts, self._running = list(self._running.values()), {}
        try:
            for attempt in attempts:
                attempt.give_up()
                self._canceller.cancel(attempt)
            deadline = time.monotonic() + _GRACE
            for attempt in attempts:
                attempt.thread.join(max(0.0, deadline - time.monotonic()))
            self._canceller.close(max(_LOOK_UP, deadline - time.monotonic()))
        finally:
            unshare()


class _Attempt:
    """An attempt in a thread of its own, and the `Connection` between this thread and the engine.

    The two share nothing but queues. An exception may be raised in the thread from outside, in the middle of any
    operation. The queues stay intact then; a lock written in Python might not.
    """

    thread: Thread
    jobs: TaggedJobs | None = None
    end: Fact | None = None
    is_stopping = _heeded = _given_up = _in_objective = False

    def __init__(
        self,
        job: Job,
        program: Program,
        signature: Signature,
        said: "SimpleQueue[tuple[_Attempt | None, News]]",
    ) -> None:
        self.job = job
        self.study = program.study or "study"
        self.tag = "-".join(["trimma", re.sub(r"[^\w.-]+", "_", self.study), str(job.trial), str(job.attempt)])
        self._program, self._signature, self._said = program, signature, said
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        # an objective waits if it reports faster than the study can take its reports in
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_UNREAD):
            self._room.put(None)

    # the engine's side

    def begin(self, jobs: TaggedJobs | None) -> None:
        self.jobs = jobs
        name = f"trimma-{self.job.worker}"
        self.thread = jobs.thread(self._run, name) if jobs else Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def tell(self, message: Any) -> None:
        self._inbox.put(message)

    def was_heard(self) -> None:
        self._room.put(None)

    def give_up(self) -> None:
        self._given_up = True
        # this wakes the thread, whatever it waits for
        self._inbox.put(None)
        self._room.put(None)
        if self._in_objective and self.thread.is_alive() and self.thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread.ident), ctypes.py_object(_GivenUp))

    @property
    def is_unwanted(self) -> bool:
        """Whether no job of this attempt should run. An attempt that cleans up after a stop may still start jobs."""
        return self.thread.is_alive() and (self._given_up or (self.is_stopping and not self._heeded))

    # the thread's side

    def _run(self) -> None:
        job = self.job
        try:
            if self.jobs is not None:
                self.jobs.claim(self.tag, job.worker, f"trial {job.trial} of study {self.study}")
            # only from here on is an exception raised from outside; what comes before and after takes no time anyway
            self._in_objective = True
            if self._given_up:
                return
            end: Fact = run_attempt(self, job, self._program, self._signature, printing_to)
            if isinstance(end, Raised) and self.jobs is not None and self.is_stopping and not self._heeded:
                # cancelling its jobs made the objective raise, which is how it learned that it is to stop
                end = Halted(trial=job.trial, attempt=job.attempt)
        except BaseException as error:  # noqa: BLE001 - as a process that ends: the worker is lost, not the study
            end = Left(worker=job.worker, cause=f"{type(error).__name__} ended its thread: {error}")
        self._in_objective = False
        self.end = end
        self._said.put((self, end))

    def send(self, message: Any) -> None:
        self._room.get()
        if self._given_up:
            self._room.put(None)
            raise _GivenUp("the trial was given up")
        self._said.put((self, message))

    def receive(self, given_up: Callable[[], bool]) -> Any:
        return self._noted(self._inbox.get())

    def wake(self) -> None:
        self._inbox.put(None)

    def waiting(self) -> Iterator[Any]:
        while True:
            try:
                message = self._inbox.get_nowait()
            except Empty:
                return
            if message is None:
                raise EOFError
            yield self._noted(message)

    def _noted(self, message: Any) -> Any:
        if isinstance(message, Send) and message.signal is Signal.STOP:
            self._heeded = True
        return message
