"""The unfinished line of a trial's output, in memory that the agent can read even if the runner is killed."""

import mmap
import os
from struct import Struct as Layout

_LENGTH = Layout("=I")
SIZE = 4096


def shared_memory() -> int:
    """The descriptor of a new file without a name, for the two sides."""
    # only the agent's side needs it
    import tempfile

    with tempfile.TemporaryFile(prefix="trimma-") as file:
        file.truncate(SIZE)
        return os.dup(file.fileno())


class LastLine:
    """The runner's side. ``keep`` takes the line as it is now, as far as its end fits."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, SIZE)
        os.close(descriptor)
        self._is_empty = True

    def keep(self, line: str) -> None:
        if not line and self._is_empty:
            return
        self._is_empty = not line
        body = line[-SIZE:].encode("utf-8", "replace")[-(SIZE - _LENGTH.size) :]
        # the length is 0 while the line is written, because the process may be killed in between
        _LENGTH.pack_into(self._memory, 0, 0)
        self._memory[_LENGTH.size : _LENGTH.size + len(body)] = body
        _LENGTH.pack_into(self._memory, 0, len(body))


def last_line(descriptor: int) -> str:
    """The agent's side: what the runner has kept."""
    content = os.pread(descriptor, SIZE, 0)
    (length,) = _LENGTH.unpack_from(content)
    return content[_LENGTH.size :][:length].decode("utf-8", "replace")
