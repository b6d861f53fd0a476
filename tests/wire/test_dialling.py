"""How an agent finds its driver, and what it says when it doesn't."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from trimma.engines.remote.engine import Remote
from trimma.engines.remote.launcher import Ended
from trimma.engines.remote.remote_agent import serve
from trimma.errors import EngineError, ObjectiveError, UsageError
from trimma.program import Program
from trimma.testing.engines import OpenEngine, in_a_process
from trimma.testing.processes import Processes
from trimma.wire.addresses import Listen
from trimma.wire.client import Client
from trimma.wire.keys import Keys
from trimma.wire.leases import Timing
from trimma.wire.messages import Dismissed, introduction
from trimma.wire.sockets import DriverSocket
from trimma.wire.ticket import Ticket
from trimma.wire.transport import agent_end

IMPATIENT = Timing(heartbeat=0.2, lease=1.0, dial=0.5)
HINT = "Give the driver an address that workers can reach."


def ticket(*addresses: str, **more: Any) -> Ticket:
    keys = Keys.fresh()
    return Ticket(
        prefix="w",
        addresses=addresses,
        server_key=keys.server_public,
        public_key=keys.public,
        secret_key=keys.secret,
        digest="0" * 64,
        size=1,
        hint=HINT,
        timing=IMPATIENT,
        **more,
    )


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which somebody listens who never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_driver_that_can_not_be_reached(closed_port: int, silent: int) -> None:
    closed, mute = f"tcp://127.0.0.1:{closed_port}", f"tcp://127.0.0.1:{silent}"
    with pytest.raises(EngineError) as caught:
        serve(ticket(closed, mute).to_bytes(), 0)
    message = str(caught.value)
    assert message.startswith(f"the driver can't be reached from {socket.gethostname()}: tried for 0.5 s, ")
    assert f"{closed}: nobody listens there" in message
    assert message.endswith(HINT)


def test_a_stranger_at_the_drivers_address(silent: int) -> None:
    with pytest.raises(EngineError, match="something answers there, but it isn't this study's driver"):
        serve(ticket(f"tcp://127.0.0.1:{silent}").to_bytes(), 0)


def test_the_study_fails_with_what_agents_say(silent: int) -> None:
    class Unreachable(Processes):
        def launch(self, slot: int, ticket: bytes, ended: Any) -> None:
            known = Ticket.from_bytes(ticket)
            super().launch(
                slot, msgspec.structs.replace(known, addresses=(f"tcp://127.0.0.1:{silent}",)).to_bytes(), ended
            )

    engine = Remote(Unreachable(Listen(hint=HINT)), 2, timing=IMPATIENT)
    with contextlib.closing(engine):
        driver = OpenEngine(engine, float)
        with pytest.raises(EngineError, match="no worker can be started") as caught:
            driver.until(lambda facts: False)
    assert f"tcp://127.0.0.1:{silent}" in str(caught.value)
    assert HINT in str(caught.value)


def test_the_first_of_several_addresses_that_answers_is_taken(site: Any, closed_port: int) -> None:
    launch = site.launcher.launch

    def mislead(slot: int, ticket: bytes, ended: Any) -> None:
        known = Ticket.from_bytes(ticket)
        addresses = (f"tcp://127.0.0.1:{closed_port}", *known.addresses)
        launch(slot, msgspec.structs.replace(known, addresses=addresses).to_bytes(), ended)

    site.launcher.launch = mislead
    site.driver(float).joined(1)


def test_a_program_that_can_not_be_loaded_ends_the_study(site: Any) -> None:
    class Unloadable:
        def __reduce__(self) -> Any:
            return (__import__, ("no_such_module",))

    loaded = Unloadable()
    driver = site.driver(lambda: float(bool(loaded)))
    with pytest.raises(ObjectiveError, match="no_such_module"):
        driver.until(lambda facts: False)


def test_a_ticket_keeps_its_secrets_to_itself() -> None:
    made = ticket("tcp://127.0.0.1:1")
    assert repr(made) == "Ticket(tcp://127.0.0.1:1)"
    assert Ticket.from_bytes(made.to_bytes()) == made
    assert repr(Keys.fresh()) == "Keys(...)"


def test_the_ticket_of_another_version_is_refused() -> None:
    with pytest.raises(EngineError, match="install the same version of trimma on both"):
        serve(msgspec.msgpack.encode({"wire": 99, "something": "else"}), 0)
    with pytest.raises(EngineError, match="no ticket"):
        serve(b"\xc1", 0)


@pytest.mark.parametrize("bind", ["127.0.0.1", "localhost", "::1", "0.0.0.0"])
def test_where_a_driver_listens(bind: str) -> None:
    listener = DriverSocket(Listen(bind=bind, advertise=("127.0.0.1", "::1")), Keys.fresh(), IMPATIENT)
    with contextlib.closing(listener):
        port = listener.addresses[0].rpartition(":")[2]
        assert listener.addresses == (f"tcp://127.0.0.1:{port}", f"tcp://[::1]:{port}")


def test_ports_of_a_range_are_taken_until_there_is_none(closed_port: int) -> None:
    listen = Listen(ports=(closed_port, closed_port))
    with contextlib.closing(DriverSocket(listen, Keys.fresh(), IMPATIENT)) as first:
        assert first.addresses == (f"tcp://127.0.0.1:{closed_port}",)
        with pytest.raises(EngineError, match=f"port from {closed_port} to {closed_port} is in use"):
            DriverSocket(listen, Keys.fresh(), IMPATIENT)


def test_an_address_that_is_not_of_this_machine() -> None:
    with pytest.raises(EngineError, match=r"can't listen at 'no\.such\.host\.invalid'"):
        DriverSocket(Listen(bind="no.such.host.invalid"), Keys.fresh(), IMPATIENT)


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"workers": 1.5}, {"cpus": 0}])
def test_numbers_that_make_no_sense(wrong: Any) -> None:
    with pytest.raises(UsageError, match="must be a whole number"):
        Remote(Processes(), **{"workers": 1} | wrong)


class Latecomer:
    """A launcher whose one agent says hello when its driver has stopped to poll."""

    name = "late"

    def __init__(self) -> None:
        self.connected, self.may_speak, self.said = (threading.Event() for _ in range(3))
        self.ends: list[object] = []
        self.ended_before_the_close: list[object] = []

    def open(self, study: str) -> Listen:
        return Listen()

    def launch(self, slot: int, ticket: bytes, ended: Ended) -> None:
        self._thread = threading.Thread(target=self._run, args=(slot, Ticket.from_bytes(ticket), ended), daemon=True)
        self._thread.start()

    def _run(self, slot: int, ticket: Ticket, ended: Ended) -> None:
        line = agent_end(ticket, b"\1late")
        line.dial(ticket.timing.dial)
        self.connected.set()
        self.may_speak.wait(20)
        client = Client(introduction(slot, ticket.token), ticket.timing, time.monotonic())
        for body in client.outgoing(time.monotonic()):
            line.send(body)
        self.said.set()
        while client.end is None:
            line.wait(20, ())
            for body in line.received():
                client.receive(body, time.monotonic())
        self.ends.append(client.end)
        line.close()
        ended(slot, None)

    def close(self) -> None:
        self.ended_before_the_close = list(self.ends)
        self._thread.join(20)


def test_an_agent_that_comes_when_the_study_is_over_is_told_so_and_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trimma.engines.remote.fleet._ON_THE_WAY", 20.0)
    launcher = Latecomer()
    engine = Remote(launcher, 1)
    engine.open(Program(objective=in_a_process, metric="score"))
    while not launcher.connected.is_set():
        engine.poll(0.01)
    launcher.may_speak.set()
    assert launcher.said.wait(20)
    engine.close()
    assert launcher.ended_before_the_close == launcher.ends
    assert [end.reason for end in launcher.ends if isinstance(end, Dismissed)] == ["it is not needed"]
