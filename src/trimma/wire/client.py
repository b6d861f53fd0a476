"""The agent's side of the conversation with its driver. It has no sockets and no clock."""

import msgspec

from trimma.errors import EngineError
from trimma.wire.channel import Channel, Frame
from trimma.wire.leases import Timing
from trimma.wire.messages import (
    UNREADABLE,
    Dismissed,
    FromAgent,
    FromDriver,
    Hello,
    Lapsed,
    Wait,
    Welcome,
    encode,
    read_from_driver,
)


class Client:
    """One incarnation of an agent, from its hello to its end.

    ``welcome`` is the driver's answer, once there is one. ``end`` says why the incarnation is over, once it is.
    """

    def __init__(self, hello: Hello, timing: Timing, now: float) -> None:
        self._introduction, self._hello = hello, encode(hello)
        self._timing = timing
        self._channel: Channel[FromDriver] = Channel(pulse=timing.heartbeat, patience=timing.lease, now=now)
        self._greet_at = self.heard = now
        self.welcome: Welcome | None = None
        self.end: Lapsed | Dismissed | None = None

    @property
    def full(self) -> bool:
        """Whether the driver lags so far behind that nothing more should be told for now."""
        return self._channel.full

    def tell(self, message: FromAgent) -> None:
        """Have a message delivered to the driver exactly once."""
        self._channel.put(encode(message))

    def connected(self, now: float) -> None:
        """Note that there is a connection, the first or a new one."""
        self._greet_at = now
        self._channel.reconnect()

    def outgoing(self, now: float) -> list[bytes]:
        """The encoded messages that are to be sent now."""
        due = []
        if now >= self._greet_at:
            due.append(self._hello)
            self._greet_at = now + self._timing.heartbeat
        if self.welcome is not None:
            due += [encode(frame) for frame in self._channel.frames(now)]
        return due

    def receive(self, body: bytes, now: float) -> list[FromDriver]:
        """The new messages of the driver in ``body``, in order. Raises `EngineError` where they make no sense."""
        self.heard = now
        try:
            message = read_from_driver(body)
            if isinstance(message, Frame):
                return self._channel.take(message, now)
        except (ValueError, *UNREADABLE) as error:
            raise EngineError(f"the driver sends what can't be understood: {error}") from error
        match message:
            case Welcome():
                self.welcome = message
                self._hello = encode(msgspec.structs.replace(self._introduction, again=True))
                self._greet_at = float("inf")
            case Wait():
                pass
            case Lapsed() | Dismissed():
                self.end = message
        return []
