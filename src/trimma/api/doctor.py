"""``doctor``: what a machine, and an engine's workers, have and lack, and what to do about it."""

import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from trimma.api.arguments import DEFAULT_STORE, STORE_VARIABLE
from trimma.api.attendance import tried
from trimma.api.finding import Finding, room
from trimma.api.prerequisites import extras, java
from trimma.api.roll_call import roll_call
from trimma.engines import Local
from trimma.errors import TrimmaError
from trimma.ports import Engine
from trimma.registry import find
from trimma.stores import SQLiteStore
from trimma.worker.resources import usable_cores, visible_devices

_START_SECONDS = 30.0


def doctor(engine: str | Engine | None = None) -> Iterator[Finding]:
    """Look at what studies need here, one thing after another, and tell what is found.

    That is Python, the processors, the store, the disk, a worker on this machine, Java, and the optional packages.
    With an ``engine``, by name or as an object, that is tried, too: up to eight of its workers are started, each runs a
    trial, and their versions are compared with those here. Nothing is stored.

    Raises `UnknownName` for an engine that there isn't. What is wrong is told, not raised.

    >>> for finding in tm.doctor("spark"):
    ...     print(finding)
    """
    if isinstance(engine, str):
        find("engine", engine)
    looks: list[Callable[[], Iterator[Finding]]] = [_python, _machine, _store, _disk, _worker]
    looks += [lambda: java(engine), lambda: extras(engine)]
    if engine is not None:
        looks.append(lambda: tried(engine))
    return (finding for look in looks for finding in look())


def _python() -> Iterator[Finding]:
    supported = sys.version_info >= (3, 11)
    yield Finding(
        what="Python",
        state="ok" if supported else "wrong",
        detail=f"{platform.python_version()}, {sys.executable}",
        advice="" if supported else "install Python 3.11 or later",
    )


def _machine() -> Iterator[Finding]:
    posix = os.name == "posix"
    devices = visible_devices()
    yield Finding(
        what="machine",
        state="ok" if posix else "wrong",
        detail=f"{platform.system()} {platform.machine()}, {usable_cores()} cores, {len(devices)} GPUs",
        advice="" if posix else "workers need Linux or macOS; on Windows use WSL",
    )


def _store() -> Iterator[Finding]:
    path = Path(os.environ.get(STORE_VARIABLE) or DEFAULT_STORE).absolute()
    if not path.exists():
        parent = next(folder for folder in path.parents if folder.exists())
        writable = os.access(parent, os.W_OK)
        yield Finding(
            what="store",
            state="ok" if writable else "wrong",
            detail=f"{path}, made by the first study",
            advice="" if writable else f"{parent} can't be written: name another file with {STORE_VARIABLE}",
        )
        return
    try:
        store = SQLiteStore(path)
        count = len(store.studies())
        store.close()
    except TrimmaError as error:
        yield Finding(what="store", state="wrong", detail=str(path), advice=str(error))
        return
    writable = os.access(path, os.W_OK)
    yield Finding(
        what="store",
        state="ok" if writable else "wrong",
        detail=f"{path}, {count} {'study' if count == 1 else 'studies'}, SQLite {sqlite3.sqlite_version}",
        advice="" if writable else f"it can't be written: name another file with {STORE_VARIABLE}",
    )


def _disk() -> Iterator[Finding]:
    for folder in dict.fromkeys((Path.cwd(), Path(tempfile.gettempdir()))):
        yield room(shutil.disk_usage(folder).free, str(folder), "free some, or set TMPDIR")


def _worker() -> Iterator[Finding]:
    try:
        (worker,) = roll_call(Local(workers=1), _START_SECONDS)
    except (TrimmaError, OSError) as error:
        yield Finding(what="worker", state="wrong", detail="does not start on this machine", advice=str(error))
        return
    yield Finding(what="worker", state="ok", detail=f"starts on this machine in {worker.seconds:.2f} s")
