"""The connections to a driver's port. Those that belong to no agent of the study don't last.

ZeroMQ hides its connections, and closes none of a peer that holds the key. So they are watched here, and the socket of
one that is nobody's is shut down. To an agent of the study this is a connection that broke, and it makes another.
"""

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Collection, Iterator
from typing import Any

import zmq

GRACE = 15.0
"""The seconds for which a connection may belong to nobody."""

MOST_STRANGERS = 64
"""So many connections may belong to nobody at a time."""

MOST_UNREAD = 256 * 2**20
"""Bytes that may come over a connection without making a message."""

_AT_ONCE = 10_000
_ENDPOINT = "inproc://connections"
# the field tcpi_bytes_received of Linux's struct tcp_info
_INFO_SIZE, _RECEIVED = 136, 128


class Connection:
    """A connection, since when it hasn't been ``known``, and who speaks on it."""

    def __init__(self, now: float) -> None:
        self.known = now
        self.identity = b""
        self.has_spoken = False
        self.received: int | None = None


class Connections:
    """The connections to a ``router``, which listens at ``port`` once that is set.

    The owner polls ``socket``, and calls `observe` when it has input.
    """

    def __init__(self, context: "zmq.Context[Any]", router: "zmq.Socket[bytes]") -> None:
        self.port = 0
        self._open: dict[int, Connection] = {}
        router.monitor(_ENDPOINT, zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        self.socket = context.socket(zmq.PAIR)
        # without a bound, since ZeroMQ's own thread would wait
        self.socket.set(zmq.RCVHWM, 0)
        self.socket.connect(_ENDPOINT)

    def __len__(self) -> int:
        return len(self._open)

    def observe(self, now: float) -> None:
        """Take note of connections that were made and lost, up to a bound. The others are left for the next call."""
        for _ in range(_AT_ONCE):
            try:
                news = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            event, descriptor = struct.unpack("=HI", news[0])
            if event == zmq.EVENT_ACCEPTED:
                self._open[descriptor] = Connection(now)
            else:
                self._open.pop(descriptor, None)

    def spoke(self, descriptor: int, identity: bytes) -> None:
        """Take note that a message of ``identity`` has come."""
        if (connection := self._open.get(descriptor)) is not None:
            connection.identity, connection.has_spoken = identity, True

    def sweep(self, known: Collection[bytes], now: float) -> None:
        """Hang up on those that are nobody's for too long or are too many, and on those that send without an end."""
        strangers: list[tuple[float, int]] = []
        for descriptor, connection in list(self._open.items()):
            if connection.identity in known:
                connection.known = now
            else:
                strangers.append((connection.known, descriptor))
            if connection.has_spoken:
                connection.has_spoken, connection.received = False, None
            elif self._is_flooded(descriptor, connection):
                self._hang_up(descriptor)
        too_many = len(strangers) - MOST_STRANGERS
        for place, (since, descriptor) in enumerate(sorted(strangers)):
            if place < too_many or now - since > GRACE:
                self._hang_up(descriptor)

    def _is_flooded(self, descriptor: int, connection: Connection) -> bool:
        with self._socket(descriptor) as end:
            received = 0 if end is None else _received(end)
        if connection.received is None:
            connection.received = received
        return received - connection.received > MOST_UNREAD

    def _hang_up(self, descriptor: int) -> None:
        with self._socket(descriptor) as end, contextlib.suppress(OSError):
            if end is None:
                self._open.pop(descriptor, None)
            else:
                end.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _socket(self, descriptor: int) -> Iterator[socket.socket | None]:
        """The socket of a connection, or None where it is gone, and its number is another file's."""
        end = None
        with contextlib.suppress(OSError):
            copy = os.dup(descriptor)
            try:
                end = socket.socket(fileno=copy)
            except OSError:
                os.close(copy)
        try:
            yield end if end is not None and _port(end) == self.port else None
        finally:
            if end is not None:
                end.close()

    def close(self) -> None:
        self.socket.close(0)


def _port(end: socket.socket) -> int | None:
    try:
        return int(end.getsockname()[1]) if end.family in (socket.AF_INET, socket.AF_INET6) else None
    except OSError:
        return None


def _received(end: socket.socket) -> int:
    """The bytes that have come over a connection, or 0 where the system doesn't tell."""
    if sys.platform != "linux":
        return 0
    try:
        info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
    except OSError:
        return 0
    return int(struct.unpack_from("=Q", info, _RECEIVED)[0]) if len(info) == _INFO_SIZE else 0
