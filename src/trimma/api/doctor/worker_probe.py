"""The probe of an engine's workers: each one runs a short trial that reports where it runs."""

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing

import msgspec
from msgspec import Struct

from trimma.commands import Job, Start
from trimma.errors import EngineError
from trimma.facts import Joined, Left, Printed, Raised, Returned
from trimma.ports import Engine
from trimma.program import Program

MAX_WORKERS = 8
"""No more workers than these are started, so that a cluster stays free for its other work."""

_LATECOMERS = 15.0
_LOOK_UP = 0.25


class WorkerReport(Struct, frozen=True, kw_only=True):
    """Where a worker runs. ``free`` is the free space on its disk in bytes, ``seconds`` the time until it reported."""

    host: str
    python: str
    executable: str
    trimma: str
    folder: str
    free: int
    seconds: float = 0.0


def report_of_this_process() -> WorkerReport:
    """The same report on the calling process."""
    return msgspec.json.decode(_describe_process()(), type=WorkerReport)


def probe_workers(engine: Engine, patience: float) -> list[WorkerReport]:
    """Start up to `MAX_WORKERS` workers, run one trial on each, and return their reports in the order of arrival.

    The first report must arrive within ``patience`` seconds. After that the other workers have a little more time.
    Raises `EngineError`, or another `TrimmaError` of the engine, where workers can't be started, where a worker dies,
    and where none reports in time.
    """
    wanted = min(engine.capacity, MAX_WORKERS)
    begin = time.monotonic()
    deadline = begin + patience
    said: dict[int, str] = defaultdict(str)
    reports: list[WorkerReport] = []
    with closing(engine):
        engine.open(Program(objective=_reporting_objective(), metric="done", study="worker probe"))
        while len(reports) < wanted and time.monotonic() < deadline:
            for fact in engine.poll(_LOOK_UP, wanted):
                match fact:
                    case Joined(worker=worker):
                        job = Job(trial=int(worker.rpartition("-")[2]), attempt=1, workers=(worker,), config={})
                        engine.carry_out(Start(job=job))
                    case Printed(trial=trial, text=text):
                        said[trial] += text
                    case Returned(trial=trial):
                        reports.append(_parsed(said[trial], time.monotonic() - begin))
                        deadline = min(deadline, time.monotonic() + _LATECOMERS)
                    case Raised(failure=failure):
                        raise EngineError(f"a worker can't run a trial: {failure}")
                    case Left(worker=worker, cause=cause, crashed=True):
                        raise EngineError(f"{worker} has died: {cause}")
    if not reports:
        raise EngineError(f"no worker was ready within {patience:g} s: is there room for one, and time?")
    return reports


def _parsed(said: str, seconds: float) -> WorkerReport:
    told = next(line for line in said.splitlines() if line.startswith('{"host"'))
    return msgspec.structs.replace(msgspec.json.decode(told, type=WorkerReport), seconds=seconds)


def _reporting_objective() -> Callable[..., float]:
    describe_process = _describe_process()

    def objective(trial: object) -> float:
        trial.log(describe_process())  # type: ignore[attr-defined]
        return 0.0

    return objective


def _describe_process() -> Callable[[], str]:
    # nested, so that it travels as it is: the worker may have a trimma that has no such module
    def describe_process() -> str:
        import json
        import os
        import platform
        import shutil
        import sys
        import tempfile

        import trimma

        folder = os.environ.get("TRIMMA_CACHE") or tempfile.gettempdir()
        return json.dumps(
            {
                "host": platform.node(),
                "python": platform.python_version(),
                "executable": sys.executable,
                "trimma": trimma.__version__,
                "folder": folder,
                "free": shutil.disk_usage(folder).free,
            }
        )

    return describe_process
