"""Remote workers on this machine, a network that can be cut, and what disturbs them."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from trimma.engines.remote.engine import Remote
from trimma.testing.engines import OpenEngine
from trimma.testing.processes import Processes
from trimma.wire.leases import Timing
from trimma.wire.ticket import Ticket

QUICK = Timing(heartbeat=0.2, lease=1.5, dial=5.0, orphan=1.5, silence=20.0)


class Proxy:
    """Passes bytes on between whoever connects and one address, until it is cut. ``tamper`` may change them."""

    def __init__(self, target: tuple[str, int], tamper: Callable[[bytes], bytes] = bytes) -> None:
        self._target, self._tamper = target, tamper
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._is_cut = self._closed = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def cut(self) -> None:
        """End all connections, in the middle of whatever they carry, and let nobody in."""
        with self._lock:
            self._is_cut = True
            for end in list(self._pairs):
                self._drop(end)

    def restore(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self._closed = True
        self._thread.join()
        self.cut()
        self._listener.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._closed:
            for key, _ in self._selector.select(0.05):
                with self._lock, contextlib.suppress(KeyError):
                    if key.fileobj is self._listener:
                        self._accept()
                    else:
                        self._pass_on(key.fileobj)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self._is_cut:
            near.close()
            return
        far = socket.create_connection(self._target)
        self._pairs |= {near: far, far: near}
        for end in (near, far):
            self._selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, end: Any) -> None:
        other = self._pairs[end]
        try:
            data = self._tamper(end.recv(4096))
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._drop(end)

    def _drop(self, end: socket.socket) -> None:
        other = self._pairs.pop(end, None)
        if other is not None:
            self._selector.unregister(end)
            end.close()
            self._drop(other)


class Proxied(Processes):
    """Agents that reach their driver through a proxy."""

    proxy: Proxy | None = None
    tamper: Callable[[bytes], bytes] = bytes

    def launch(self, slot: int, ticket: bytes, ended: Any) -> None:
        known = Ticket.from_bytes(ticket)
        if self.proxy is None:
            host, _, port = known.addresses[0].removeprefix("tcp://").rpartition(":")
            self.proxy = Proxy((host, int(port)), self.tamper)
        super().launch(slot, msgspec.structs.replace(known, addresses=(self.proxy.address,)).to_bytes(), ended)

    def close(self) -> None:
        super().close()
        if self.proxy is not None:
            self.proxy.close()
            self.proxy = None


class Meddled:
    """An engine to which something happens when so many facts have been told."""

    def __init__(self, engine: Remote, *meddling: tuple[int, Callable[[], None]]) -> None:
        self._engine, self._told = engine, 0
        self._meddling = list(meddling)
        self.capacity, self.clock = engine.capacity, engine.clock
        self.open, self.carry_out, self.tell, self.close = engine.open, engine.carry_out, engine.tell, engine.close

    def poll(self, timeout: float | None, demand: int | None = None) -> Any:
        facts = self._engine.poll(timeout, demand)
        self._told += len(facts)
        while self._meddling and self._told >= self._meddling[0][0]:
            self._meddling.pop(0)[1]()
        return facts


class Site:
    """Where a test's workers run."""

    def __init__(self) -> None:
        self.launcher, self.proxied = Processes(), Proxied()
        self._engines: list[Remote] = []

    def remote(self, workers: int = 2, *, through_proxy: bool = False, timing: Timing = QUICK, **more: Any) -> Remote:
        launcher = self.proxied if through_proxy else self.launcher
        self._engines.append(Remote(launcher, workers, timing=timing, **more))
        return self._engines[-1]

    def meddled(self, *meddling: tuple[int, Callable[[], None]], workers: int = 2, **more: Any) -> Meddled:
        return Meddled(self.remote(workers, **more), *meddling)

    def driver(self, objective: Callable[..., Any], workers: int = 1, **more: Any) -> OpenEngine:
        return OpenEngine(self.remote(workers, **more), objective)

    def agent(self, slot: int = 0) -> int:
        """The process id of the agent in a slot."""
        return self.launcher.pids[slot]

    def send(self, number: signal.Signals, slot: int = 0) -> None:
        os.kill(self.agent(slot), number)

    def close(self) -> None:
        for engine in self._engines:
            engine.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with contextlib.closing(Site()) as made:
        yield made


@pytest.fixture(scope="module")
def lasting_site() -> Iterator[Site]:
    with contextlib.closing(Site()) as made:
        yield made
