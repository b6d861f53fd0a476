"""Runs an attempt ahead of virtual time: its messages are recorded, and the engine tells each when its time comes."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from trimma.commands import Job
from trimma.facts import Measured, Printed
from trimma.objective import Signature, StopTrial, fact_of
from trimma.program import Program
from trimma.worker.attempt import End, attempt_by_steps
from trimma.worker.output import TrialOutput
from trimma.worker.output_by_thread import printing_context
from trimma.worker.reporter import Reporter


class RecordedAttempt:
    """An attempt that runs in the calling thread, from the beginning of the objective and without waiting at rungs.

    An objective that is a function runs to its end, or to its budget, when its first message is asked for. An objective
    that is a generator runs from one report to the next, as messages are asked for.
    """

    __slots__ = ("_context", "_job", "_output", "_reporter", "_said", "_steps")

    def __init__(self, job: Job, program: Program, signature: Signature) -> None:
        # to wait at rungs, and to skip what came before the checkpoint, is up to who tells what is recorded
        self._job = msgspec.structs.replace(job, rungs=(), checkpoints=())
        recorder = _Recorder()
        self._said = recorder.said
        program = replace(program, checkpoints=None)
        self._reporter = Reporter(recorder, self._job, program)
        self._output = TrialOutput(self._reporter.log)
        self._context = printing_context(self._output)
        self._steps = attempt_by_steps(self._reporter, self._job, program, signature)

    def next(self) -> Measured | Printed | End:
        """The next message of the attempt. The last one says how the attempt ended."""
        while not self._said:
            try:
                self._context.run(next, self._steps)
            except StopIteration as end:
                self._finish(end.value)
        return self._said.popleft()  # type: ignore[no-any-return]

    def stop(self, stop: StopTrial) -> None:
        """End the attempt at the message that was returned last, and forget what is recorded after it.

        A generator is closed. What it says while it cleans up is kept, and returned by `next`.
        """
        self._said.clear()
        self._reporter.stopped = stop
        try:
            self._context.run(self._steps.throw, stop)
        except StopIteration as end:
            self._finish(end.value)
        except StopTrial:  # it had not begun, or was over
            stop.__traceback__ = None
            self._said.append(fact_of(stop, self._job.trial, self._job.attempt))

    def close(self) -> None:
        """End the attempt at once, as if its process died, except that a generator may clean up."""
        self._context.run(self._steps.close)

    def _finish(self, end: End) -> None:
        self._output.finish()
        self._said.append(end)


class _Recorder:
    """The `Connection` of a recorded attempt, which keeps what is sent."""

    __slots__ = ("said",)

    def __init__(self) -> None:
        self.said: deque[Any] = deque()

    def send(self, message: Any) -> None:
        self.said.append(message)

    def receive(self, given_up: Callable[[], bool]) -> Any:
        """Not called, since an attempt without rungs never waits for a message."""
        return None

    def wake(self) -> None:
        """Do nothing, since nobody waits."""

    def waiting(self) -> Iterator[Any]:
        return iter(())
