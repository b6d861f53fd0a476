"""Checks of this machine: Python, the operating system, the store, the disk, and a local worker."""

import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from trimma.api.arguments import DEFAULT_STORE, STORE_VARIABLE
from trimma.api.doctor.finding import Finding, disk_space
from trimma.api.doctor.worker_probe import probe_workers
from trimma.engines import Local
from trimma.errors import TrimmaError
from trimma.stores import SQLiteStore
from trimma.worker.resources import usable_cores, visible_devices

_START_SECONDS = 30.0


def check_python() -> Iterator[Finding]:
    """Check that this version of Python is supported."""
    supported = sys.version_info >= (3, 11)
    yield Finding(
        what="Python",
        state="ok" if supported else "wrong",
        detail=f"{platform.python_version()}, {sys.executable}",
        advice="" if supported else "install Python 3.11 or later",
    )


def check_machine() -> Iterator[Finding]:
    """Check that workers can run on this operating system, and count the processors and accelerators."""
    posix = os.name == "posix"
    devices = visible_devices()
    yield Finding(
        what="machine",
        state="ok" if posix else "wrong",
        detail=f"{platform.system()} {platform.machine()}, {usable_cores()} cores, {len(devices)} GPUs",
        advice="" if posix else "workers need Linux or macOS; on Windows use WSL",
    )


def check_store() -> Iterator[Finding]:
    """Check that the store can be read and written, or made where there is none yet."""
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


def check_disk() -> Iterator[Finding]:
    """Check how much space is free where studies and workers write."""
    for folder in dict.fromkeys((Path.cwd(), Path(tempfile.gettempdir()))):
        yield disk_space(shutil.disk_usage(folder).free, str(folder), "free some, or set TMPDIR")


def check_worker() -> Iterator[Finding]:
    """Check that a worker starts on this machine and runs a trial."""
    try:
        (worker,) = probe_workers(Local(workers=1), _START_SECONDS)
    except (TrimmaError, OSError) as error:
        yield Finding(what="worker", state="wrong", detail="does not start on this machine", advice=str(error))
        return
    yield Finding(what="worker", state="ok", detail=f"starts on this machine in {worker.seconds:.2f} s")
