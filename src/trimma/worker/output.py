"""Sends what a trial prints to the driver, line by line."""

import codecs
import io
import os
from collections.abc import Callable
from threading import RLock
from typing import Any

LIMIT = 64 * 1024
LONGEST_LINE = 8 * 1024


class TrialOutput(io.TextIOBase):
    """A text stream for one trial's ``sys.stdout`` and ``sys.stderr``. It keeps the first 64 KiB.

    Of a line that is written over and over after a carriage return, as progress bars do, the last state is kept.
    """

    name = "<stdout>"
    encoding = "utf-8"
    errors = "backslashreplace"
    mode = "w"
    line_buffering = True

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._tell: Callable[[str], None] | None = None
        self._pending = ""
        self._room = LIMIT
        self._process = os.getpid()
        # threads of a trial may write at the same time, and a signal handler in the middle of that
        self._writing = RLock()
        self._buffer: BytesOf | None = None

    @property
    def buffer(self) -> "BytesOf":
        # made when it is asked for, since the two hold each other
        if self._buffer is None:
            self._buffer = BytesOf(self)
        return self._buffer

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """The descriptor of this process's output, for its children and for code that isn't written in Python."""
        return 1

    def reconfigure(self, **settings: Any) -> None:
        """Change nothing: encoding and line ends are those of the study."""

    def write(self, text: str) -> int:
        if os.getpid() != self._process:
            # a forked child must not speak on its parent's connection
            os.write(1, text.encode("utf-8", "replace"))
            return len(text)
        with self._writing:
            self._take(text)
        return len(text)

    def _take(self, text: str) -> None:
        lines, end, rest = (self._pending + text).rpartition("\n")
        if end:
            self._emit("\n".join(map(_last_state, lines.split("\n"))) + "\n" if "\r" in lines else lines + "\n")
        if "\r" in rest:
            rest = _last_state(rest) + rest[len(rest.rstrip("\r")) :][:1]
        if len(rest) > LONGEST_LINE:
            self._emit(rest)
            rest = ""
        self._pending = rest
        if self._tell is not None:
            self._tell(rest)

    def on_pending(self, tell: Callable[[str], None]) -> None:
        """Have ``tell`` called with the unfinished line each time that it has changed."""
        self._tell = tell

    def finish(self) -> None:
        """Send what is left of an unfinished line."""
        if self._pending and os.getpid() == self._process:
            with self._writing:
                pending, self._pending = self._pending, ""
                self._emit(_last_state(pending))
                if self._tell is not None:
                    self._tell("")

    def _emit(self, text: str) -> None:
        if self._room <= 0:
            return
        kept = text[: self._room]
        self._room -= len(kept)
        self._send(kept if self._room > 0 else f"{kept}\n(further output of this trial was not kept)\n")


class BytesOf(io.RawIOBase):
    """The bytes below a text stream. What is written to them is decoded, and written to that stream."""

    def __init__(self, text: Any) -> None:
        self._text = text
        # a character may come in two pieces
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._text.fileno())

    def write(self, data: Any, /) -> int:
        body = bytes(data)
        self._text.write(self._decode(body))
        return len(body)


class ProcessStream(io.TextIOBase):
    """The ``sys.stdout`` or ``sys.stderr`` of a runner, from its first trial to its last.

    What is written to it goes to the trial that runs, also by what an earlier trial has set up, such as a handler of
    logs. Between trials it goes to ``stream``, that of the process.
    """

    encoding = "utf-8"
    errors = "backslashreplace"
    mode = "w"
    line_buffering = True

    def __init__(self, stream: Any, descriptor: int) -> None:
        self.name = "<stdout>" if descriptor == 1 else "<stderr>"
        self.trial: TrialOutput | None = None
        self._stream, self._descriptor = stream, descriptor
        self.buffer = BytesOf(self)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def reconfigure(self, **settings: Any) -> None:
        """Change nothing: encoding and line ends are those of the study."""

    def flush(self) -> None:
        self._stream.flush()

    def write(self, text: str) -> int:
        return int((self.trial or self._stream).write(text))


def _last_state(line: str) -> str:
    """What a line shows in the end of which parts are written over each other after carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]
