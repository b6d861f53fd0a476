"""The link between an agent and its runner: each message is a length of four bytes, then so many bytes of msgpack."""

import socket
from collections.abc import Callable, Iterator
from select import POLLIN, poll
from struct import Struct as Layout
from threading import Lock
from typing import Any

import msgspec

from trimma.commands import Job, Send
from trimma.events import Failure
from trimma.facts import OfTrial
from trimma.worker.waker import Waker

MAX_FRAME = 64 * 2**20
"""Bytes of one message to a runner."""

MOST_FROM_RUNNER = 3 * 2**20
"""Bytes of one message of a runner. What an objective may report or return at once is bounded, and takes less."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no message: of another form, no UTF-8, or nested too deeply."""

_LENGTH = Layout("!I")
_CHUNK = 65536
_CHUNKS = 64


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The runner has the program and waits for a job."""


class Begun(msgspec.Struct, frozen=True, tag=True):
    """The runner has its job, and calls the objective now."""


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The runner can't load the program."""

    failure: Failure


FromRunner = Ready | Begun | Refused | OfTrial
ToRunner = Job | Send


class Link:
    """One end of the connection between an agent and its runner. Threads may share it for sending.

    ``receives`` is the type of the messages of the other end, each of at most ``most`` bytes.
    """

    def __init__(self, end: socket.socket, receives: Any, most: int = MAX_FRAME) -> None:
        self.socket, self._most = end, most
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(receives)
        self._buffer = bytearray()
        self._sending = Lock()
        self._waker: Waker | None = None

    def send(self, message: Any) -> None:
        """Send one message. Raises an `OSError`, such as `BrokenPipeError`, when the other end is gone."""
        body = self._encoder.encode(message)
        with self._sending:
            self.socket.sendall(_LENGTH.pack(len(body)) + body)

    def receive(self, given_up: Callable[[], bool] | None = None) -> Any:
        """Wait for the next message; None when the other end is gone.

        Also returns None when `wake` was called, from another thread, and ``given_up`` is true.
        """
        while (message := self._next()) is None:
            if given_up is not None and not self._await_input(given_up):
                return None
            chunk = self.socket.recv(_CHUNK)
            if not chunk:
                return None
            self._buffer += chunk
        return message

    def wake(self) -> None:
        """Have a thread that waits in `receive` look whether it has given up."""
        if self._waker is not None:
            self._waker.wake()

    def _await_input(self, given_up: Callable[[], bool]) -> bool:
        """Wait for input. Returns False when there is none, and ``given_up`` is true."""
        if self._waker is None:
            self._waker = Waker()
        watch = poll()
        watch.register(self.socket, POLLIN)
        watch.register(self._waker.descriptor, POLLIN)
        while not given_up():
            ready = [descriptor for descriptor, _ in watch.poll()]
            if self.socket.fileno() in ready:
                return True
            # only now, so that whoever wakes this thread from here on is heard
            self._waker.clear()
        return False

    def waiting(self) -> Iterator[Any]:
        """The messages that have arrived. Raises `EOFError` once the other end is gone and all messages are read."""
        gone = not self._fill()
        while (message := self._next()) is not None:
            yield message
        if gone:
            raise EOFError

    def _fill(self) -> bool:
        """Read what has arrived, up to a bound. Returns whether the other end may still send more."""
        for _ in range(_CHUNKS):
            try:
                chunk = self.socket.recv(_CHUNK, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return True
            except ConnectionError:
                return False
            if not chunk:
                return False
            self._buffer += chunk
            if len(chunk) < _CHUNK:
                return True
        return True

    def _next(self) -> Any:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > self._most:
            raise ConnectionError(f"a message of {length} bytes, where at most {self._most} are allowed")
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        message = self._decoder.decode(memoryview(self._buffer)[_LENGTH.size : end])
        del self._buffer[:end]
        return message
