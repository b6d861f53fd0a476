"""The sockets of driver and agents: ZeroMQ with CURVE, which encrypts and authenticates before anything is parsed.

Each end has a context of its own, so that nothing is shared with whoever else uses ZeroMQ in the process.
"""

import contextlib
import math
import socket
import struct
import time
from collections.abc import Callable, Collection, Iterable, Iterator

import zmq

from trimma.errors import EngineError
from trimma.wire.addresses import Listen, Unreachable
from trimma.wire.channel import WINDOW
from trimma.wire.connections import Connections
from trimma.wire.keys import Authenticator, Keys
from trimma.wire.leases import Timing
from trimma.wire.messages import MAX_FRAME, MOST_FROM_AGENT
from trimma.wire.ticket import Ticket

_HANDSHAKE = 15.0
_BACKLOG = 1024
_AT_ONCE, _BYTES_AT_ONCE = 10_000, 64 * 2**20
_FRAMES = 16
_SWEEP = 1.0
_FLUSH = 1.0
_GLANCE = 0.5


class DriverSocket:
    """The driver's end, a ROUTER. One thread uses it, and only `wait` waits.

    Only a few frames of each agent wait here. The others wait where they come from, until there is room. ZeroMQ hands
    out one message of each agent in turn, so that nobody waits for all that another one sends.
    """

    def __init__(self, listen: Listen, keys: Keys, timing: Timing) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        # this comes first, because ZeroMQ admits anybody as long as no authenticator answers
        self._authenticator = Authenticator(self._context, keys)
        self._router = self._context.socket(zmq.ROUTER)
        _harden(self._router, MOST_FROM_AGENT, _FRAMES)
        self._router.set(zmq.CURVE_SERVER, 1)
        self._router.set(zmq.CURVE_SECRETKEY, keys.server_secret)
        self._router.set(zmq.ZAP_DOMAIN, b"trimma")
        self._router.set(zmq.ROUTER_MANDATORY, 1)
        self._router.set(zmq.ROUTER_HANDOVER, 1)
        self._router.set(zmq.BACKLOG, _BACKLOG)
        self._connections = Connections(self._context, self._router)
        try:
            port = _bind(self._router, listen)
        except EngineError:
            self.close()
            raise
        self._connections.port = port
        self._swept = 0.0
        self.drained = True
        self._turns = 0
        self.addresses = tuple(_endpoint(host, port) for host in listen.advertise)
        self._poller = zmq.Poller()
        self._poller.register(self._authenticator.socket, zmq.POLLIN)
        self._poller.register(self._router, zmq.POLLIN)
        self._poller.register(self._connections.socket, zmq.POLLIN)

    def watch(self, descriptor: int) -> None:
        """Let `wait` also end when this file descriptor has input."""
        self._poller.register(descriptor, zmq.POLLIN)

    def wait(self, seconds: float) -> set[int]:
        """Wait until something has arrived, and return the watched descriptors that have input.

        Agents that want to connect are authenticated meanwhile.
        """
        ready = dict(self._poller.poll(max(0, math.ceil(seconds * 1000))))
        # before anybody is let in, so that each connection is known before it speaks
        if self._connections.socket in ready:
            self._connections.observe(time.monotonic())
        if self._authenticator.socket in ready:
            self._authenticator.answer()
        return {end for end in ready if isinstance(end, int)}

    def received(self) -> list[tuple[bytes, bytes]]:
        """The messages that have arrived, each after the identity of its sender.

        They are bounded in number and in size. Afterwards ``drained`` says whether each agent that had sent something
        was heard, now or in the last calls.
        """
        arrived: list[tuple[bytes, bytes]] = []
        count = size = 0
        self.drained = False
        receive, spoke = self._router.recv_multipart, self._connections.spoke
        while count < _AT_ONCE and size < _BYTES_AT_ONCE:
            try:
                parts = receive(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                self.drained = True
                break
            count += 1
            size += sum(map(len, parts))
            # a message of another form comes from a peer that holds the key, but can't be answered
            if len(parts) == 2:
                identity = parts[0].bytes
                spoke(parts[1].get(zmq.SRCFD), identity)
                arrived.append((identity, parts[1].bytes))
        # ZeroMQ has taken turns
        self._turns += count
        if self.drained or self._turns > 2 * len(self._connections):
            self._turns, self.drained = 0, True
        return arrived

    def sweep(self, known: Callable[[], Collection[bytes]], now: float) -> None:
        """Now and then, hang up on whoever isn't known by its identity."""
        if now > self._swept + _SWEEP:
            self._swept = now
            self._connections.sweep(known(), now)

    def send(self, identity: bytes, body: bytes) -> None:
        """Send to this peer, if it is connected. A channel sends again what doesn't arrive."""
        try:
            self._router.send_multipart((identity, body), zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise

    def close(self) -> None:
        """Send what can be sent within a moment, then close."""
        self._authenticator.close()
        self._connections.close()
        self._router.close(round(_FLUSH * 1000))
        self._context.term()


class AgentSocket:
    """An agent's end, a DEALER, which reconnects by itself. One thread uses it, and only `wait` waits."""

    def __init__(self, ticket: Ticket, identity: bytes) -> None:
        self._addresses = ticket.addresses
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        dealer = self._dealer = self._context.socket(zmq.DEALER)
        _harden(dealer, MAX_FRAME, 2 * WINDOW)
        # ZeroMQ's own heartbeat doesn't depend on our code. The driver's end only answers: with a heartbeat of its own,
        # ZeroMQ would abort the process where a peer is gone of which many messages still wait to be read.
        heartbeat = round(ticket.timing.pulse * 1000)
        dealer.set(zmq.HEARTBEAT_IVL, heartbeat)
        dealer.set(zmq.HEARTBEAT_TIMEOUT, 3 * heartbeat)
        dealer.set(zmq.ROUTING_ID, identity)
        dealer.set(zmq.CURVE_SERVERKEY, ticket.server_key)
        dealer.set(zmq.CURVE_PUBLICKEY, ticket.public_key)
        dealer.set(zmq.CURVE_SECRETKEY, ticket.secret_key)
        # ZeroMQ must not queue what can't be sent now, because the channel keeps it, and knows of it
        dealer.set(zmq.IMMEDIATE, 1)
        dealer.set(zmq.RECONNECT_IVL, 100)
        dealer.set(zmq.RECONNECT_IVL_MAX, 1000)
        self._monitor = dealer.get_monitor_socket()
        self._poller = zmq.Poller()
        self._poller.register(dealer, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)
        self._watched: frozenset[int] = frozenset()
        self._news = ""
        self.connected = False
        self.connections = 0
        self.changed = time.monotonic()

    def dial(self, seconds: float, wanted: Callable[[], bool] = lambda: True) -> None:
        """Connect to the driver at the first of its addresses that answers.

        Returns without a connection once ``wanted`` says that none is needed any more. Raises `Unreachable` when no
        address answers within so many seconds.
        """
        start = time.monotonic()
        each = min(seconds, max(1.0, seconds / len(self._addresses) / 2))
        news: dict[str, str] = {}
        while time.monotonic() < start + seconds:
            for address in self._addresses:
                self._news = "no answer"
                self._dealer.connect(address)
                deadline = min(start + seconds, time.monotonic() + each)
                while not self.connected and wanted() and (left := deadline - time.monotonic()) > 0:
                    self.wait(min(left, _GLANCE), ())
                if self.connected or not wanted():
                    return
                news[address] = self._news
                self._dealer.disconnect(address)
        raise Unreachable(news)

    def wait(self, seconds: float, descriptors: Iterable[int]) -> set[int]:
        """Wait until something arrives, or file descriptors have input, and return those that do."""
        wanted = frozenset(descriptors)
        if wanted != self._watched:
            for descriptor in self._watched - wanted:
                self._poller.unregister(descriptor)
            for descriptor in wanted - self._watched:
                self._poller.register(descriptor, zmq.POLLIN)
            self._watched = wanted
        ready = dict(self._poller.poll(max(0, math.ceil(seconds * 1000))))
        if self._monitor in ready:
            self._observe()
        return {descriptor for descriptor in wanted if descriptor in ready}

    def received(self) -> Iterator[bytes]:
        """The messages that have arrived."""
        for _ in range(_AT_ONCE):
            try:
                yield self._dealer.recv(zmq.NOBLOCK)
            except zmq.Again:
                return

    def send(self, body: bytes) -> None:
        """Send, if there is a connection. The channel sends again what doesn't arrive."""
        with contextlib.suppress(zmq.Again):
            self._dealer.send(body, zmq.NOBLOCK)

    def _observe(self) -> None:
        while True:
            try:
                message = self._monitor.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            (event,) = struct.unpack("=H", message[0][:2])
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.connected = True
                self.connections += 1
                self.changed = time.monotonic()
            elif event == zmq.EVENT_DISCONNECTED and self.connected:
                self.connected = False
                self.changed = time.monotonic()
            self._news = _NEWS.get(event, self._news)

    def close(self) -> None:
        """Send what can be sent within a moment, then close."""
        self._dealer.disable_monitor()
        self._monitor.close(0)
        self._dealer.close(round(_FLUSH * 1000))
        self._context.term()


_STRANGER = "something answers there, but it isn't this study's driver"
_NEWS = {
    zmq.EVENT_CONNECT_RETRIED: "nobody listens there",
    zmq.EVENT_CONNECTED: _STRANGER,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: _STRANGER,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: _STRANGER,
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "the driver there doesn't know this study's key",
}


def _harden(end: "zmq.Socket[bytes]", largest: int, waiting: int) -> None:
    """Set bounds on what a peer may do.

    ``largest`` is the size of its largest message, and ``waiting`` how many messages may wait on their way in or out.
    """
    end.set(zmq.MAXMSGSIZE, largest)
    # a frame that finds no room on its way out is dropped, and sent again only after the patience of its channel
    end.set(zmq.SNDHWM, waiting)
    end.set(zmq.RCVHWM, waiting)
    end.set(zmq.HANDSHAKE_IVL, round(_HANDSHAKE * 1000))
    end.set(zmq.IPV6, 1)


def _bind(router: "zmq.Socket[bytes]", listen: Listen) -> int:
    """Listen, and return the port."""
    first, last = listen.ports or (0, 0)
    try:
        # ZeroMQ listens at numeric addresses only
        host = str(socket.getaddrinfo(listen.bind, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise EngineError(f"can't listen at {listen.bind!r}: {error}") from error
    for port in range(first, last + 1):
        try:
            router.bind(_endpoint(host, port or "*"))
        except zmq.ZMQError as error:
            if error.errno != zmq.EADDRINUSE:
                raise EngineError(f"can't listen at {listen.bind!r}: {error}") from error
        else:
            return int(router.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
    raise EngineError(f"can't listen at {listen.bind!r}: each port from {first} to {last} is in use")


def _endpoint(host: str, port: int | str) -> str:
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
