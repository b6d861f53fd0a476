"""An engine, tried: its workers are started, and tell where they are."""

import time
from collections.abc import Iterator

from trimma.api.finding import Finding, room
from trimma.api.roll_call import MOST, Present, here, roll_call
from trimma.errors import TrimmaError
from trimma.ports import Engine
from trimma.registry import resolve

_SECONDS = 90.0


def tried(engine: str | Engine) -> Iterator[Finding]:
    """Whether its workers start, reach this process, run a trial, and are what this process is."""
    start = time.monotonic()
    try:
        found: Engine = resolve("engine", engine, ["poll"])
        yield Finding(
            what="engine",
            state="ok",
            detail=f"{found!r}, with room for {_workers(found.capacity)}, is there in {time.monotonic() - start:.2f} s",
        )
        present = roll_call(found, _SECONDS)
    except (TrimmaError, OSError) as error:
        yield Finding(what="engine", state="wrong", detail=f"engine={engine!r} can't be used", advice=str(error))
        return
    yield _attendance(present, min(found.capacity, MOST))
    yield _versions(present, here())
    yield from _disks(present)


def _workers(number: int) -> str:
    return "1 worker" if number == 1 else f"{number} workers"


def _attendance(present: list[Present], wanted: int) -> Finding:
    hosts = ", ".join(sorted({worker.host for worker in present}))
    seconds = [worker.seconds for worker in present]
    when = f"after {seconds[0]:.2f} s" if len(seconds) == 1 else f"after {seconds[0]:.2f} to {seconds[-1]:.2f} s"
    missing = wanted - len(present)
    return Finding(
        what="workers",
        state="missing" if missing else "ok",
        detail=f"{len(present)} of {_workers(wanted)} ran a trial {when}, on {hosts}",
        advice="the others have no room, or can't reach this process: see the logs of the cluster" if missing else "",
    )


def _versions(present: list[Present], ours: Present) -> Finding:
    theirs = sorted({f"Python {worker.python}, trimma {worker.trimma}" for worker in present})
    others = {worker.trimma for worker in present} - {ours.trimma}
    return Finding(
        what="versions",
        state="wrong" if others else "ok",
        detail=f"Python {ours.python}, trimma {ours.trimma} here; at the workers: {'; '.join(theirs)}",
        advice=f"install trimma {ours.trimma} where the workers run" if others else "",
    )


def _disks(present: list[Present]) -> Iterator[Finding]:
    for worker in {(worker.host, worker.folder): worker for worker in present}.values():
        yield room(worker.free, f"{worker.folder} on {worker.host}", "free some, or set TRIMMA_CACHE there")
