"""Sends what a trial prints to the driver, line by line."""

import io
import os
from collections.abc import Callable

LIMIT = 64 * 1024


class TrialOutput(io.TextIOBase):
    """A text stream for one trial's ``sys.stdout`` and ``sys.stderr``. It keeps the first 64 KiB."""

    encoding = "utf-8"

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._pending = ""
        self._room = LIMIT
        self._process = os.getpid()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if os.getpid() != self._process:
            # a forked child must not speak on its parent's connection
            os.write(1, text.encode("utf-8", "replace"))
            return len(text)
        self._pending += text
        if "\n" in text:
            lines, _, self._pending = self._pending.rpartition("\n")
            self._emit(lines + "\n")
        return len(text)

    def finish(self) -> None:
        """Send what is left of an unfinished line."""
        if self._pending and os.getpid() == self._process:
            pending, self._pending = self._pending, ""
            self._emit(pending)

    def _emit(self, text: str) -> None:
        if self._room <= 0:
            return
        kept = text[: self._room]
        self._room -= len(kept)
        self._send(kept if self._room > 0 else f"{kept}\n(further output of this trial was not kept)\n")
