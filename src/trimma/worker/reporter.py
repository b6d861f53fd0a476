"""The arguments ``report`` and ``trial``, by which an objective speaks with its study."""

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from trimma.commands import Job, Send, Signal
from trimma.errors import ObjectiveError
from trimma.facts import Measured, Printed
from trimma.objective import Finished, MakeRoom, StopTrial, as_metrics, next_step
from trimma.program import Program
from trimma.worker.attempt_checkpoints import AttemptCheckpoints, Save
from trimma.worker.attempt_folder import AttemptFolder
from trimma.worker.output import LIMIT


class Connection(Protocol):
    """The worker's end of a connection to the engine: a `Link`, or queues within one process."""

    def send(self, message: Any) -> None: ...

    def receive(self, given_up: Callable[[], bool]) -> Any:
        """Wait for the next message; None when the other end is gone, or `wake` was called and ``given_up`` is true."""
        ...

    def wake(self) -> None:
        """Have a thread that waits in `receive` look whether it has given up. Any thread may call this."""
        ...

    def waiting(self) -> Iterator[Any]:
        """The messages that have arrived. Raises `EOFError` once the other end is gone."""
        ...


class Reporter:
    """Sends one attempt's reports, and ends the objective when the study says so.

    ``stopped`` is the exception that ended it. If the objective reports again all the same, it is raised again.

    Several threads of the objective may report. One after the other does, so that all of them wait while one waits at a
    rung. After `close` nothing is read from the connection, and nothing is reported any more.
    """

    def __init__(self, connection: Connection, job: Job, program: Program) -> None:
        self._link, self._job = connection, job
        self._metric = program.metric
        self._checkpoints = AttemptCheckpoints(job, program, connection.send)
        self._step = self._checkpoints.step
        self._pausing = self._spent = self._closed = False
        self.stopped: StopTrial | None = None
        self._process, self._reporting = os.getpid(), RLock()

    def report(
        self,
        value: Any = None,
        /,
        *,
        step: int | None = None,
        save: Save | None = None,
        **metrics: Any,
    ) -> None:
        """Report metrics to the study.

        ``report(loss=0.3, accuracy=0.9)`` names the metrics; ``report(0.9)`` gives the study's own metric. Steps are
        counted from 1, and go on from there after a pause. ``step=`` gives the number of the step instead, which must
        grow. ``save`` is a function that writes a checkpoint into the empty folder that it is given (a `Path`). It is
        called only when the study wants a checkpoint: when it pauses the trial, and as ``checkpoints`` of `tune` says.
        When the trial goes on, ``trial.checkpoint`` is a folder with these files. If ``save`` raises an exception, that
        is kept with the trial, which goes on without the checkpoint.

        Returns at once, except at a rung, where it waits for the scheduler. Raises `StopTrial` when the trial is to
        end or has ended, and `ObjectiveError` for a metric that isn't a number and in a process that the objective has
        forked. After the report of step ``trial.budget`` the objective can still save its model and return a value.
        Only a further report ends it.
        """
        if os.getpid() != self._process:
            raise ObjectiveError(
                "report() was called in a process that the objective has started: hand the numbers to the objective's "
                "own process, which reports them"
            )
        with self._reporting:
            self._heed_waiting()
            if self._spent:
                self._end(Finished())
            self._checkpoints.before_report(save)
            numbers = as_metrics(metrics, self._metric)
            if value is not None:
                numbers = as_metrics(value, self._metric) | numbers
            before, self._step = self._step, next_step(self._step, step)
            job = self._job
            self._link.send(Measured(trial=job.trial, attempt=job.attempt, step=self._step, metrics=numbers))
            if job.rungs and bisect_right(job.rungs, self._step) > bisect_right(job.rungs, before or 0):
                self._await_verdict()
            self._spent = job.budget is not None and self._step >= job.budget
            pausing = self._pausing and not self._spent
            if not self._checkpoints.after_report(save, self._step, pausing=pausing):
                self._pausing = False
            elif pausing:
                self._end(MakeRoom())

    @property
    def step(self) -> int:
        """The last step that was reported or need not be made again, 0 at the beginning."""
        return self._step or 0

    def restore(self) -> Path | None:
        """The folder with the checkpoint that the attempt begins from, or None at the beginning."""
        with self._reporting:
            has_reported = self._step != self._checkpoints.step
            folder = self._checkpoints.restore()
            if not has_reported:
                self._step = self._checkpoints.step
            return folder

    def save_at_end(self) -> None:
        """Save a checkpoint of the trial, which is done, if it is to be kept."""
        self._checkpoints.at_end(self._step)

    def log(self, text: str) -> None:
        job = self._job
        # lone surrogates, as in names of files, can't be encoded in UTF-8, and the size of a message is limited
        text = text[:LIMIT].encode("utf-8", "backslashreplace").decode()
        if os.getpid() == self._process:
            self._link.send(Printed(trial=job.trial, attempt=job.attempt, text=text))
        else:
            os.write(1, text.encode())

    def close(self) -> None:
        """End all reporting, because the attempt has ended. Returns when no thread is in the middle of a report."""
        if os.getpid() != self._process:
            # another thread of the parent may have held the lock when this process was forked
            return
        self._closed = True
        self._link.wake()
        with self._reporting:
            self._checkpoints.close()
            self.stopped = self.stopped or StopTrial("the trial has ended")

    def _await_verdict(self) -> None:
        while not self._pausing:
            message = self._link.receive(lambda: self._closed)
            if message is None:
                raise self._gone()
            if self._heed(message):
                return

    def _heed_waiting(self) -> None:
        if self.stopped is not None:
            raise self.stopped
        try:
            for message in self._link.waiting():
                self._heed(message)
        except EOFError:
            raise self._gone() from None

    def _heed(self, message: Any) -> bool:
        """Act on a signal. Returns whether it lets the trial go on; signals for earlier attempts are ignored."""
        job = self._job
        if not isinstance(message, Send) or (message.trial, message.attempt) != (job.trial, job.attempt):
            return False
        if message.signal is Signal.STOP:
            self._end(StopTrial())
        self._pausing = self._pausing or message.signal is Signal.PAUSE
        return message.signal is Signal.CONTINUE

    def _gone(self) -> BaseException:
        return StopTrial("the trial has ended") if self._closed else SystemExit("the agent is gone")

    def _end(self, stop: StopTrial) -> None:
        self.stopped = stop
        raise stop


class TrialHandle:
    """The argument ``trial`` of an objective that asks for it."""

    def __init__(self, job: Job, config: Mapping[str, Any], reporter: Reporter, folder: AttemptFolder) -> None:
        self._job, self._config, self._reporter, self._folder = job, config, reporter, folder

    @property
    def id(self) -> int:
        """The trial's number in its study, from 0."""
        return self._job.trial

    @property
    def attempt(self) -> int:
        """The number of the attempt: 1 at first, and one more each time that the trial is started again."""
        return self._job.attempt

    @property
    def config(self) -> Mapping[str, Any]:
        return self._config

    @property
    def budget(self) -> int | None:
        """The last step that counts, where the trial is done. None when the objective decides where it ends."""
        return self._job.budget

    @property
    def step(self) -> int:
        """The last step that was reported, 0 before the first one. After a pause it is that of the checkpoint."""
        return self._reporter.step

    @property
    def checkpoint(self) -> Path | None:
        """The folder with the checkpoint from which the trial goes on; None when it begins at the beginning.

        It is there until the trial ends or is paused again. Nothing is to be written in it.
        """
        return self._reporter.restore()

    @property
    def folder(self) -> Path:
        """An empty folder for what the trial saves, such as its model. It is made when it is first asked for.

        By default the best trial keeps its folder, and those of the others are removed: see ``keep`` and ``folders`` of
        `tune`. Each attempt begins with an empty one. Raises `UsageError` on a machine that doesn't share the folder of
        the study.
        """
        return self._folder.path()

    @property
    def worker(self) -> str:
        return self._job.worker

    def report(self, value: Any = None, /, **metrics: Any) -> None:
        """The same as the ``report`` argument."""
        self._reporter.report(value, **metrics)

    def log(self, *values: object) -> None:
        """Keep a line of text with the trial, as ``print`` would."""
        self._reporter.log(" ".join(map(str, values)) + "\n")
