"""``doctor``: what a machine has and lacks, and what to do about it."""

import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from msgspec import Struct

from trimma.api.arguments import DEFAULT_STORE, STORE_VARIABLE
from trimma.engines import Local
from trimma.errors import TrimmaError
from trimma.facts import Joined
from trimma.program import Program
from trimma.stores import SQLiteStore
from trimma.worker.resources import usable_cores, visible_devices

_EXTRAS = {
    "plotly": ("plot", "pictures of a study"),
    "pandas": ("pandas", "to_pandas()"),
    "pyarrow": ("parquet", "export to Parquet"),
    "scipy": ("scipy", "quasi-random search"),
    "scikit-learn": ("sklearn", "the demo"),
    "distributed": ("dask", "engine='dask'"),
}
_FREE_BYTES = 500 * 2**20
_START_SECONDS = 30.0


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at: "ok", "missing" (an option) or "wrong", with what to do when it isn't ok."""

    what: str
    state: Literal["ok", "missing", "wrong"]
    detail: str
    advice: str = ""


def doctor() -> Iterator[Finding]:
    """Look at Python, the processors, the store, the disk, a real worker and the optional packages, one by one."""
    looks: list[Callable[[], Iterator[Finding]]] = [_python, _machine, _store, _disk, _worker, _extras]
    for look in looks:
        yield from look()


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
        free = shutil.disk_usage(folder).free
        yield Finding(
            what="disk",
            state="ok" if free >= _FREE_BYTES else "wrong",
            detail=f"{free / 2**30:.1f} GiB free at {folder}",
            advice="" if free >= _FREE_BYTES else "studies and workers need room: free some, or set TMPDIR",
        )


def _worker() -> Iterator[Finding]:
    engine = Local(workers=1)
    start = time.monotonic()
    joined = False
    try:
        engine.open(Program(objective=_nothing, metric="nothing"))
        while not joined and time.monotonic() - start < _START_SECONDS:
            joined = any(isinstance(fact, Joined) for fact in engine.poll(None))
    except (TrimmaError, OSError) as error:
        yield Finding(what="worker", state="wrong", detail="does not start", advice=str(error))
        return
    finally:
        engine.close()
    yield Finding(
        what="worker",
        state="ok" if joined else "wrong",
        detail=f"starts in {time.monotonic() - start:.2f} s" if joined else f"not ready after {_START_SECONDS:g} s",
        advice="" if joined else "is the machine overloaded, or are new processes forbidden?",
    )


def _nothing() -> None:
    """An objective that does nothing."""


def _extras() -> Iterator[Finding]:
    for package, (extra, purpose) in _EXTRAS.items():
        try:
            yield Finding(what=package, state="ok", detail=f"{version(package)}, for {purpose}")
        except PackageNotFoundError:
            advice = f"pip install 'trimma[{extra}]'"
            yield Finding(what=package, state="missing", detail=f"not installed; for {purpose}", advice=advice)
