"""The runner: a process that runs one trial after another, and stays warm in between.

It is started with the file descriptors of its end of a socket, of the memory for its last line and of the program's
file, how many bytes its trials may leave behind in it, and the folder with the files of the driver's own
modules, where they were sent. It ends when its agent closes the socket, and is killed when its agent dies (see
`trimma.worker.orphan_guard`).
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from trimma.commands import Job
from trimma.errors import TrimmaError
from trimma.events import Failure
from trimma.facts import Grown, Raised
from trimma.objective import Signature, StopTrial, failure_of
from trimma.program import Program
from trimma.worker import bundle, no_private_spark
from trimma.worker.attempt import run_attempt
from trimma.worker.last_line import LastLine
from trimma.worker.link import Begun, Link, Ready, Refused, ToRunner
from trimma.worker.memory import MemoryWatch, PrivateMemory
from trimma.worker.output import ProcessStream, TrialOutput
from trimma.worker.spark_files import find_spark_files
from trimma.worker.surroundings import Surroundings, enter, settle

Capture = Callable[[TrialOutput], AbstractContextManager[Any]]


def main(descriptor: int, line: int, program_file: int, growth: int, sources: str) -> None:
    """Run trials until the agent closes the connection."""
    streams = ProcessStream(sys.stdout, 1), ProcessStream(sys.stderr, 2)
    sys.stdout, sys.stderr = streams
    signal.signal(signal.SIGTERM, _terminate)
    threading.excepthook = _thread_has_ended
    link = Link(socket.socket(fileno=descriptor), ToRunner)
    found: list[Surroundings] = []

    def enter_surroundings(surroundings: Surroundings) -> dict[str, Any]:
        found.append(surroundings)
        return enter(surroundings)

    try:
        program = bundle.load(program_file, enter_surroundings)
        settle(found[0], Path(sources) if sources else None)
        find_spark_files(program_file)
        signature = Signature.of(program.objective)
    except TrimmaError as error:
        link.send(Refused(_refusal(error)))
        return
    capture, watch = partial(_captured, streams, LastLine(line).keep), MemoryWatch(growth, PrivateMemory())
    link.send(Ready())
    while (message := link.receive()) is not None:
        # a signal that arrives between jobs was meant for a trial that has just ended
        if isinstance(message, Job):
            _run(link, message, program, signature, capture, watch)


def _refusal(error: TrimmaError) -> Failure:
    """The error as a `Failure`, with the traceback of its cause."""
    cause = error.__cause__
    return Failure(
        kind=type(error).__name__,
        message=failure_of(error, __file__).message,
        traceback="" if cause is None else failure_of(cause, bundle.__file__).traceback,
    )


def _run(link: Link, job: Job, program: Program, signature: Signature, capture: Capture, watch: MemoryWatch) -> None:
    process = os.getpid()
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _terminate)
    link.send(Begun())
    end = no_private_spark.explained(run_attempt(link, job, program, signature, capture))
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()
    if os.getpid() != process:
        # a child that the objective has forked, which must not speak for its parent
        os._exit(1 if isinstance(end, Raised) else 0)
    if (more := watch.after_trial()) is not None:
        told = Grown(trial=job.trial, attempt=job.attempt, more=more, trials=watch.trials, exceeded=watch.exceeded)
        link.send(told)
    link.send(end)


@contextmanager
def _captured(streams: Sequence[ProcessStream], pending: Callable[[str], None], output: TrialOutput) -> Iterator[None]:
    """Send what is written to the streams to the trial, also if an earlier trial has put others in their place."""
    output.on_pending(pending)
    sys.stdout, sys.stderr = streams
    for stream in streams:
        stream.trial = output
    try:
        yield
    finally:
        for stream in streams:
            stream.trial = None


def _thread_has_ended(ended: threading.ExceptHookArgs) -> None:
    """Say nothing of a thread that has ended because its trial has."""
    if not issubclass(ended.exc_type, StopTrial):
        threading.__excepthook__(ended)


def _terminate(number: int, frame: Any) -> NoReturn:
    """Raise SystemExit, so that ``finally`` blocks and context managers of the objective run.

    This is done once, since a second signal would interrupt them: whoever ends all processes of a service sends one to
    the runner, and its agent and its guard send others.
    """
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)
