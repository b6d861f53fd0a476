"""The check of an engine: its workers are started, run a trial, and report where they run and on which versions."""

import time
from collections.abc import Iterator

from trimma.api.doctor.finding import Finding, disk_space
from trimma.api.doctor.worker_probe import MAX_WORKERS, WorkerReport, probe_workers, report_of_this_process
from trimma.errors import TrimmaError
from trimma.ports import Engine
from trimma.registry import resolve

_SECONDS = 90.0


def check_engine(engine: str | Engine) -> Iterator[Finding]:
    """Check that workers of ``engine`` start, reach this process, run a trial, and have the same version of Trimma."""
    start = time.monotonic()
    try:
        found: Engine = resolve("engine", engine, ["poll"])
        yield Finding(
            what="engine",
            state="ok",
            detail=f"{found!r}, with room for {_workers(found.capacity)}, is there in {time.monotonic() - start:.2f} s",
        )
        reports = probe_workers(found, _SECONDS)
    except (TrimmaError, OSError) as error:
        yield Finding(what="engine", state="wrong", detail=f"engine={engine!r} can't be used", advice=str(error))
        return
    yield _workers_that_ran(reports, min(found.capacity, MAX_WORKERS))
    yield _versions(reports, report_of_this_process())
    yield from _disks(reports)


def _workers(number: int) -> str:
    return "1 worker" if number == 1 else f"{number} workers"


def _workers_that_ran(reports: list[WorkerReport], wanted: int) -> Finding:
    hosts = ", ".join(sorted({worker.host for worker in reports}))
    seconds = [worker.seconds for worker in reports]
    when = f"after {seconds[0]:.2f} s" if len(seconds) == 1 else f"after {seconds[0]:.2f} to {seconds[-1]:.2f} s"
    missing = wanted - len(reports)
    return Finding(
        what="workers",
        state="missing" if missing else "ok",
        detail=f"{len(reports)} of {_workers(wanted)} ran a trial {when}, on {hosts}",
        advice="the others have no room, or can't reach this process: see the logs of the cluster" if missing else "",
    )


def _versions(reports: list[WorkerReport], ours: WorkerReport) -> Finding:
    theirs = sorted({f"Python {worker.python}, trimma {worker.trimma}" for worker in reports})
    others = {worker.trimma for worker in reports} - {ours.trimma}
    return Finding(
        what="versions",
        state="wrong" if others else "ok",
        detail=f"Python {ours.python}, trimma {ours.trimma} here; at the workers: {'; '.join(theirs)}",
        advice=f"install trimma {ours.trimma} where the workers run" if others else "",
    )


def _disks(reports: list[WorkerReport]) -> Iterator[Finding]:
    for worker in {(worker.host, worker.folder): worker for worker in reports}.values():
        yield disk_space(worker.free, f"{worker.folder} on {worker.host}", "free some, or set TRIMMA_CACHE there")
