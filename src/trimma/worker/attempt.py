"""Runs one attempt of a trial: calls the objective, and returns a fact that says how it ended."""

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from trimma.commands import Job
from trimma.facts import Halted, Paused, Raised, Returned
from trimma.objective import Signature, StopTrial, conclude, fact_of, failure_of
from trimma.program import Program
from trimma.tuples_in_json import restore_tuples
from trimma.worker.attempt_folder import AttemptFolder
from trimma.worker.output import TrialOutput
from trimma.worker.process_failures import of_process
from trimma.worker.reporter import Connection, Reporter, TrialHandle
from trimma.worker.step_by_step import is_step_by_step, steps_of

End = Halted | Paused | Raised | Returned


def run_attempt(
    connection: Connection,
    job: Job,
    program: Program,
    signature: Signature,
    capture: Callable[[TrialOutput], AbstractContextManager[Any]],
) -> End:
    """Run an attempt to its end, and return how it ended. ``capture`` sends what it prints to the trial.

    An exception that isn't an `Exception` is passed on to the caller, except for SystemExit with the exit code 0.
    """
    reporter = Reporter(connection, job, program)
    output = TrialOutput(reporter.log)
    begin = time.perf_counter()
    with capture(output):
        try:
            end = _drain(attempt_by_steps(reporter, job, program, signature))
        finally:
            reporter.close()
        seconds = time.perf_counter() - begin
        output.finish()
    return msgspec.structs.replace(end, seconds=seconds)


def attempt_by_steps(
    reporter: Reporter, job: Job, program: Program, signature: Signature
) -> Generator[None, None, End]:
    """Call the objective with a config of its own, which it may change, and return how it ended.

    If the objective is a generator, this yields after each of its reports. When this generator is closed, it closes the
    objective. When a `StopTrial` is thrown into it, the attempt ends as that exception says.
    """
    config, place = restore_tuples(job.config), restore_tuples(job.place)
    folder = AttemptFolder(program.folders, job.trial, job.attempt)
    trial = TrialHandle(job, config, reporter, folder)
    extras = {"report": reporter.report, "trial": trial}
    try:
        inputs = program.fresh().inputs(job.trial, config, place)
        given = program.objective(**signature.arguments(inputs, extras))
        if is_step_by_step(program.objective, given):
            given = steps_of(given, trial)
        metrics, notes = yield from conclude(given, program.metric, reporter.report)
        reporter.save_at_end()
        return Returned(trial=job.trial, attempt=job.attempt, metrics=metrics, notes=notes, folder=folder.used)
    except StopTrial as stop:
        # the reporter keeps it: with its frames it would keep the whole attempt, itself included
        return fact_of(stop.with_traceback(None), job.trial, job.attempt, folder.used)
    except SystemExit as end:
        # as a wrapped main() ends that has done its work
        if end.code not in (None, 0):
            raise
        return Returned(trial=job.trial, attempt=job.attempt, metrics={}, folder=folder.used)
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        failure, again = failure_of(error, __file__), isinstance(error, program.retry_on)
        return Raised(trial=job.trial, attempt=job.attempt, failure=failure, again=again, of_process=of_process(error))


def _drain(steps: Generator[None, None, End]) -> End:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
