"""The runner: a process that runs one trial after another, and stays warm in between.

It is started with the file descriptor of its end of a socket and the path of the program's file. It ends when its agent
closes the socket, and is killed when its agent dies (see `trimma.worker.orphan_guard`).
"""

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

from trimma.commands import Job
from trimma.errors import TrimmaError
from trimma.events import Failure
from trimma.objective import Signature, failure_of
from trimma.program import Program
from trimma.worker import bundle, no_private_spark
from trimma.worker.attempt import run_attempt
from trimma.worker.link import Link, Ready, Refused, ToRunner
from trimma.worker.output import TrialOutput
from trimma.worker.spark_files import find_spark_files


def main(descriptor: int, program_path: str) -> None:
    """Run trials until the agent closes the connection."""
    signal.signal(signal.SIGTERM, _terminate)
    link = Link(socket.socket(fileno=descriptor), ToRunner)
    try:
        program = bundle.load(Path(program_path))
        find_spark_files(Path(program_path))
        signature = Signature.of(program.objective)
    except TrimmaError as error:
        link.send(Refused(_refusal(error)))
        return
    link.send(Ready())
    while (message := link.receive()) is not None:
        # a signal that arrives between jobs was meant for a trial that has just ended
        if isinstance(message, Job):
            _run(link, message, program, signature)


def _refusal(error: TrimmaError) -> Failure:
    """The error as a `Failure`, with the traceback of its cause."""
    cause = error.__cause__
    return Failure(
        kind=type(error).__name__,
        message=failure_of(error, __file__).message,
        traceback="" if cause is None else failure_of(cause, bundle.__file__).traceback,
    )


def _run(link: Link, job: Job, program: Program, signature: Signature) -> None:
    end = no_private_spark.explained(run_attempt(link, job, program, signature, _redirected))
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()
    link.send(end)


@contextmanager
def _redirected(output: TrialOutput) -> Iterator[None]:
    with redirect_stdout(output), redirect_stderr(output):
        yield


def _terminate(number: int, frame: Any) -> NoReturn:
    """Raise SystemExit, so that ``finally`` blocks and context managers of the objective run."""
    raise SystemExit(128 + number)
