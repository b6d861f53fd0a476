"""Runs a program in a terminal of its own, as a person would: what it shows is read, and keys can be pressed."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class Terminal:
    """A program in a pseudo-terminal of so many ``columns`` and ``lines``. What it has shown so far is ``shown``."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        columns: int = 100,
        lines: int = 30,
    ) -> None:
        self.shown, self._folder = "", folder
        self._keyboard, theirs = pty.openpty()
        self.resize(columns, lines)
        variables = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**variables, "TERM": "xterm-256color", **(environment or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()

    def press(self, keys: bytes) -> None:
        os.write(self._keyboard, keys)

    def hang_up(self) -> None:
        """Close the terminal. It may be closed more than once."""
        if self._keyboard >= 0:
            os.close(self._keyboard)
            self._keyboard = -1

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read_until(self, text: str, seconds: float = 45.0) -> None:
        """Read until ``text`` is shown."""
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} was not shown, but: {self.shown}"
            assert self._read(0.5), f"{text!r} was not shown before the end, but: {self.shown}"

    def read_until_there(self, name: str, seconds: float = 45.0) -> None:
        """Read until there is a file of this name in the program's folder."""
        deadline = time.monotonic() + seconds
        while not (self._folder / name).exists():
            assert time.monotonic() < deadline, f"there is no {name}: {self.shown}"
            assert self._read(0.05), f"the program has ended before there was {name}: {self.shown}"

    def read_to_end(self, seconds: float = 45.0) -> int:
        """Read until the program ends, and return its exit status."""
        deadline = time.monotonic() + seconds
        while self._read(0.5):
            assert time.monotonic() < deadline, f"the program doesn't end: {self.shown}"
        return self.process.wait(timeout=5)

    def _read(self, patience: float) -> bool:
        """Read what there is. Returns False at the end."""
        if not select.select([self._keyboard], [], [], patience)[0]:
            return True
        try:
            chunk = os.read(self._keyboard, 65536)
        except OSError:  # so a terminal tells that nobody has it open any more
            return False
        self.shown += chunk.decode("utf-8", "replace")
        return bool(chunk)
