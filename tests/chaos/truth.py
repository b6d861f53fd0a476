"""What trials note of themselves in a file beside the study, by which its log is judged."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from msgspec import Struct


class Note(Struct, frozen=True, kw_only=True):
    """One line of the file: what an attempt did, in which process and when.

    ``mark`` numbers a report: no other one of the study has this number. ``value`` is what was returned.
    """

    what: str
    trial: int
    attempt: int
    pid: int
    at: float
    mark: int = 0
    value: float | None = None


class Truth:
    """Notes of one attempt. Each is written at once and whole, whoever else writes and whatever happens next."""

    def __init__(self, path: Path, trial: int, attempt: int) -> None:
        self._path, self._of = path, {"trial": trial, "attempt": attempt}
        self._marks, self._lock = (trial * 1000 + attempt) * 10_000, threading.Lock()

    def note(self, what: str, **more: Any) -> None:
        line = {"what": what, **self._of, "pid": os.getpid(), "at": time.monotonic(), **more}
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, json.dumps(line).encode() + b"\n")
        finally:
            os.close(file)

    def next_mark(self) -> int:
        with self._lock:
            self._marks += 1
            return self._marks


def read(path: Path) -> list[Note]:
    """All notes, oldest first."""
    from msgspec.json import decode

    return [decode(line, type=Note) for line in path.read_bytes().splitlines()] if path.exists() else []
