"""Wakes a thread that waits for file descriptors, from any other thread."""

import contextlib
import socket


class Waker:
    """Any thread may call `wake`. The waiting thread watches ``descriptor``, and calls `clear` once it is awake."""

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self.descriptor = self._receiver.fileno()

    def wake(self) -> None:
        # if the buffer is full, the thread wakes anyway; if the socket is closed, nobody waits any more
        with contextlib.suppress(OSError):
            self._sender.send(b"\0")

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._receiver.recv(4096):
                pass

    def close(self) -> None:
        self._receiver.close()
        self._sender.close()
