"""How other threads wake one that waits for descriptors."""

import contextlib
import socket


class Alarm:
    """Any thread may `ring`; the one that waits watches ``descriptor`` and calls `quiet` before it looks around."""

    def __init__(self) -> None:
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        self.descriptor = self._ear.fileno()

    def ring(self) -> None:
        # a full buffer wakes as well as one byte more, and whoever has closed it doesn't wait any more
        with contextlib.suppress(OSError):
            self._bell.send(b"\0")

    def quiet(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._ear.recv(4096):
                pass

    def close(self) -> None:
        self._ear.close()
        self._bell.close()
