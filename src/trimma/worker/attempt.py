"""Runs one attempt at a trial: calls the objective, and returns how that ended as a fact."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from trimma.commands import Job
from trimma.facts import Halted, Paused, Raised, Returned
from trimma.objective import Signature, StopTrial, conclude, fact_of, failure_of
from trimma.program import Program
from trimma.worker.output import TrialOutput
from trimma.worker.reporter import Connection, Reporter, TrialHandle

End = Halted | Paused | Raised | Returned


def run_attempt(
    connection: Connection,
    job: Job,
    program: Program,
    signature: Signature,
    capture: Callable[[TrialOutput], AbstractContextManager[Any]],
) -> End:
    """Call the objective, and return how that ended. ``capture`` leads what it prints to the trial meanwhile.

    An exception that isn't an `Exception`, such as SystemExit, is raised to the caller.
    """
    reporter = Reporter(connection, job, program)
    output = TrialOutput(reporter.log)
    extras = {"report": reporter.report, "trial": TrialHandle(job, reporter)}
    end: End
    begin = time.perf_counter()
    with capture(output):
        try:
            inputs = program.fresh().inputs(job.trial, job.config, job.place)
            given = program.objective(**signature.arguments(inputs, extras))
            metrics = conclude(given, program.metric, reporter.report)
            end = Returned(trial=job.trial, attempt=job.attempt, metrics=metrics)
        except StopTrial as stop:
            end = fact_of(stop, job.trial, job.attempt)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            end = Raised(trial=job.trial, attempt=job.attempt, failure=failure_of(error, __file__))
        seconds = time.perf_counter() - begin
        output.finish()
    return msgspec.structs.replace(end, seconds=seconds)
