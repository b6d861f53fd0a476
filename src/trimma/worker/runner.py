"""The runner: a warm process that runs one trial after another, and nothing but the user's code.

It is started with the number of its end of a socket and the path of the pickled program. It ends when its agent
closes the socket, and dies when its agent does.
"""

import ctypes
import os
import signal
import socket
import sys
import threading
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

from trimma.commands import Job
from trimma.facts import Halted, Raised, Returned
from trimma.objective import Signature, StopTrial, conclude, failure_of
from trimma.pickling import loads
from trimma.program import Program
from trimma.worker.link import Link, Ready, Refused, ToRunner
from trimma.worker.output import TrialOutput
from trimma.worker.reporter import Reporter, TrialHandle

_PR_SET_PDEATHSIG = 1


def main(descriptor: int, program_path: str) -> None:
    """Run trials until the agent closes the connection."""
    _die_with_parent()
    signal.signal(signal.SIGTERM, _terminate)
    link = Link(socket.socket(fileno=descriptor), ToRunner)
    try:
        program = loads(Path(program_path).read_bytes())
        signature = Signature.of(program.objective)
    except Exception as error:  # noqa: BLE001 - unpickling runs the user's imports
        link.send(Refused(failure_of(error, __file__)))
        return
    link.send(Ready())
    while (message := link.receive()) is not None:
        # a signal that comes here was meant for a trial that has just ended
        if isinstance(message, Job):
            _run(link, message, program, signature)


def _run(link: Link, job: Job, program: Program, signature: Signature) -> None:
    reporter = Reporter(link, job, program.metric)
    output = TrialOutput(reporter.log)
    extras = {
        "report": reporter.report,
        "trial": TrialHandle(job, reporter),
        "params": job.config,
        "data": program.data,
        "model": program.model,
    }
    fact: Halted | Raised | Returned
    with redirect_stdout(output), redirect_stderr(output):
        try:
            given = program.objective(**signature.arguments(job.config, extras))
            metrics = conclude(given, program.metric, reporter.report)
            fact = Returned(trial=job.trial, attempt=job.attempt, metrics=metrics)
        except StopTrial as stop:
            fact = (
                Returned(trial=job.trial, attempt=job.attempt, metrics={})
                if stop.finished
                else Halted(trial=job.trial, attempt=job.attempt)
            )
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            fact = Raised(trial=job.trial, attempt=job.attempt, failure=failure_of(error, __file__))
        output.finish()
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()
    link.send(fact)


def _terminate(number: int, frame: Any) -> NoReturn:
    """Let ``finally`` blocks and context managers of the objective run."""
    raise SystemExit(128 + number)


def _die_with_parent() -> None:
    """End this process when its parent does, also in the middle of a trial.

    Standard input is a pipe that the parent holds open: its end is the parent's. Where the kernel can do the
    same for a process that holds the interpreter lock (Linux), it is asked to.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def watch() -> None:
        while os.read(lifeline, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="trimma-lifeline", daemon=True).start()
