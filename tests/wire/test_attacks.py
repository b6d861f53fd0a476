"""What strangers may do to a driver's port while a study runs."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import zmq

from trimma.facts import Left, Returned
from trimma.testing.engines import OpenEngine, steps
from trimma.wire.addresses import Unreachable
from trimma.wire.keys import Keys
from trimma.wire.messages import MOST_FROM_AGENT, Dismissed, introduction, read_from_driver
from trimma.wire.messages import encode as encoded
from trimma.wire.sockets import AgentSocket
from trimma.wire.ticket import Ticket

GREETING = bytes.fromhex("ff00000000000000017f0301") + b"CURVE".ljust(20, b"\0") + bytes(32)


class Port:
    """A driver with one worker that is running a trial, and where its port is."""

    def __init__(self, site: Any) -> None:
        tickets: list[bytes] = []
        launch = site.launcher.launch

        def note(slot: int, ticket: bytes, ended: Any) -> None:
            tickets.append(ticket)
            launch(slot, ticket, ended)

        site.launcher.launch = note
        self.driver: OpenEngine = site.driver(steps)
        self.worker = self.driver.joined(1)[0]
        self.ticket = Ticket.from_bytes(tickets[0])
        host, _, port = self.ticket.addresses[0].removeprefix("tcp://").rpartition(":")
        self.address = (host, int(port))
        self.driver.start(0, self.worker, endless=True)
        self.driver.reaches(0, 1)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address)

    def poll(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.driver.facts += self.driver.engine.poll(0.05)

    def assert_the_study_goes_on(self) -> None:
        self.driver.reaches(0, len(self.driver.measured(0)) + 20)
        reported = [fact.step for fact in self.driver.measured(0)]
        assert reported == list(range(1, len(reported) + 1))
        assert not any(isinstance(fact, Left) for fact in self.driver.facts)
        assert len(self.driver.joinings(self.worker)) == 1


@pytest.fixture(scope="module")
def port(lasting_site: Any) -> Port:
    """One driver for all attacks."""
    return Port(lasting_site)


@pytest.fixture
def dealer() -> Iterator[Callable[..., zmq.Socket[bytes]]]:
    """Make a plain socket, with a ticket's keys or others."""
    with contextlib.ExitStack() as made:
        context: zmq.Context[Any] = made.enter_context(zmq.Context())

        def make(ticket: Ticket | None = None, **keys: bytes) -> zmq.Socket[bytes]:
            end = made.enter_context(context.socket(zmq.DEALER))
            end.linger = 0
            if ticket is not None:
                end.curve_serverkey = keys.get("server_key", ticket.server_key)
                end.curve_publickey = keys.get("public_key", ticket.public_key)
                end.curve_secretkey = keys.get("secret_key", ticket.secret_key)
            return end

        yield make


def test_garbage(port: Port) -> None:
    dice = random.Random(1)
    for length in (1, 9, 10, 64, 1000, 100_000):
        for start in (b"", b"GET / HTTP/1.1\r\n\r\n", GREETING):
            with port.connect() as end, contextlib.suppress(ConnectionError, BrokenPipeError):
                end.sendall(start + dice.randbytes(length))
    port.assert_the_study_goes_on()


def test_messages_that_are_begun_and_never_ended(port: Port) -> None:
    with contextlib.ExitStack() as ends:
        for sent in (b"\xff", GREETING[:32], GREETING, GREETING + b"\x04\xc8\x05HELLO"):
            for _ in range(5):
                ends.enter_context(port.connect()).sendall(sent)
        port.assert_the_study_goes_on()


def test_frames_that_claim_to_be_huge(port: Port) -> None:
    with contextlib.ExitStack() as ends:
        for size in (MOST_FROM_AGENT + 1, 2**40, 2**63 - 1):
            end = ends.enter_context(port.connect())
            with contextlib.suppress(ConnectionError):
                end.sendall(GREETING + b"\x06" + struct.pack("!Q", size) + bytes(1000))
        port.assert_the_study_goes_on()


def test_three_hundred_idle_connections(port: Port) -> None:
    with contextlib.ExitStack() as ends:
        for _ in range(300):
            ends.enter_context(port.connect())
        port.assert_the_study_goes_on()
        # another agent still finds its way in
        line = AgentSocket(port.ticket, b"\1another")
        ends.callback(line.close)
        _dial(port, line)


def _dial(port: Port, line: AgentSocket, seconds: float = 5.0) -> None:
    """Reach the driver, which listens on this very thread."""
    failures: list[Exception] = []

    def dial() -> None:
        try:
            line.dial(seconds)
        except Unreachable as error:
            failures.append(error)

    thread = threading.Thread(target=dial)
    thread.start()
    while thread.is_alive():
        port.poll(0.05)
    if failures:
        raise failures[0]


def test_who_has_another_key_stays_outside(port: Port, dealer: Any) -> None:
    theirs = Keys.fresh()
    wrong = dealer(port.ticket, public_key=theirs.public, secret_key=theirs.secret)
    deaf = dealer(port.ticket, server_key=theirs.server_public)
    bare = dealer()
    for end in (wrong, deaf, bare):
        end.connect(port.ticket.addresses[0])
        end.send(encoded(introduction(0, b"")))
    port.poll(1.0)
    port.assert_the_study_goes_on()
    for end in (wrong, deaf, bare):
        assert not end.poll(0), "nobody answers"


def test_an_agent_with_another_key_learns_so(port: Port) -> None:
    theirs = Keys.fresh()
    line = AgentSocket(
        msgspec.structs.replace(port.ticket, public_key=theirs.public, secret_key=theirs.secret), b"\1another"
    )
    with contextlib.closing(line), pytest.raises(Unreachable, match="doesn't know this study's key"):
        _dial(port, line, 1.0)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xc1" * 100, encoded({"type": "Frame"}), bytes(2**15)],
    ids=["nothing", "no msgpack", "half a frame", "zeros"],
)
def test_what_an_admitted_peer_sends_is_read_with_care(port: Port, dealer: Any, body: bytes) -> None:
    end = dealer(port.ticket)
    end.connect(port.ticket.addresses[0])
    end.send(body)
    port.poll(0.3)
    answer = read_from_driver(end.recv())
    assert isinstance(answer, Dismissed)
    assert answer.error
    end.send_multipart([b"one", b"two", b"three"])
    port.poll(0.1)
    port.assert_the_study_goes_on()


def test_an_admitted_peer_can_not_send_without_bounds(port: Port, dealer: Any) -> None:
    end = dealer(port.ticket)
    end.reconnect_ivl = -1
    end.connect(port.ticket.addresses[0])
    with end.get_monitor_socket(zmq.EVENT_DISCONNECTED) as monitor:
        end.send(bytes(MOST_FROM_AGENT + 1), copy=False)
        while not monitor.poll(0):
            port.poll(0.1)
        end.disable_monitor()
    port.assert_the_study_goes_on()


def test_what_was_recorded_can_not_be_played_again(site: Any) -> None:
    """A frame belongs to its connection: CURVE's keys are made for each."""
    recorded: list[bytes] = []
    proxied = site.proxied
    driver = site.driver(steps, through_proxy=True)
    worker = driver.joined(1)[0]
    pass_on = proxied.proxy._pass_on

    def record(end: Any) -> None:
        recorded.append(end.recv(65536, socket.MSG_PEEK))
        pass_on(end)

    proxied.proxy._pass_on = record
    assert isinstance(driver.run(0, worker, count=5), Returned)
    host, port = proxied.proxy._target
    facts = len(driver.facts)
    with socket.create_connection((host, port)) as end, contextlib.suppress(ConnectionError):
        for data in recorded:
            end.sendall(data)
        for _ in range(5):
            driver.facts += driver.engine.poll(0.05)
    assert len(driver.facts) == facts
    assert isinstance(driver.run(1, worker), Returned)


_GONE = """
import os, signal, time
import zmq
from trimma.wire.addresses import Listen
from trimma.wire.keys import Keys
from trimma.wire.leases import Timing
from trimma.wire.sockets import DriverSocket

keys = Keys.fresh()
driver = DriverSocket(Listen(), keys, Timing(lease=1.0))
child = os.fork()
if child == 0:
    end = zmq.Context().socket(zmq.DEALER)
    end.set(zmq.CURVE_SERVERKEY, keys.server_public)
    end.set(zmq.CURVE_PUBLICKEY, keys.public)
    end.set(zmq.CURVE_SECRETKEY, keys.secret)
    end.set(zmq.SNDHWM, 10_000)
    end.set(zmq.ROUTING_ID, b"peer")
    end.connect(driver.addresses[0])
    for _ in range(10_000):
        end.send(bytes(1000))
    time.sleep(60)
until = time.monotonic() + 0.5
while time.monotonic() < until:
    driver.wait(0.1)
# what it hasn't read when it is killed resets the connection
os.kill(child, signal.SIGSTOP)
for _ in range(10):
    driver.send(b"peer", bytes(100_000))
time.sleep(0.3)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
time.sleep(1.5)
driver.wait(0.1)
while driver.received():
    driver.wait(0.1)
driver.close()
print("alive")
"""


def test_a_peer_that_is_gone_while_its_messages_wait_does_not_abort_the_driver() -> None:
    """With a heartbeat at the driver's end, ZeroMQ fails an assertion then, and ends the process."""
    done = subprocess.run([sys.executable, "-c", _GONE], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
