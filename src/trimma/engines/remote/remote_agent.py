"""What a cluster's task runs: an agent that connects to the driver and runs trials for it until it is dismissed."""

import secrets
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import assert_never

from trimma.commands import Job, Renew, Send
from trimma.errors import EngineError, ObjectiveError
from trimma.wire.addresses import Unreachable
from trimma.wire.client import Client
from trimma.wire.fetch_program import ProgramFetcher
from trimma.wire.messages import Broken, Chunk, Dismissed, Fetch, FromDriver, Welcome, introduction
from trimma.wire.ticket import Ticket, worker_name
from trimma.wire.transport import agent_end
from trimma.worker.keeper import Keeper
from trimma.worker.memory import allowed_growth
from trimma.worker.no_private_spark import ENVIRONMENT as NO_PRIVATE_SPARK
from trimma.worker.program_cache import CachedProgram
from trimma.worker.resources import environment, usable_cores
from trimma.worker.shared_files import SharedCopy
from trimma.worker.unpacked_sources import restore_sources, unpacked_sources
from trimma.worker.waker import Waker

_GRACE = 3.0


def serve(ticket: bytes, slot: int, wanted: Callable[[], bool] = lambda: True) -> str:
    """Run trials for the driver until it doesn't need this worker any more, or is gone. Returns the reason.

    ``wanted`` is asked several times a second whether to go on (default: yes). It is for callers that have no other way
    to end this.

    On Linux the runner dies with the calling thread, so that thread must live until this returns. Raises `EngineError`
    when the driver can't be reached, when its versions don't fit those of this worker, and when runners can't be
    started here.
    """
    known = Ticket.from_bytes(ticket)
    with ExitStack() as kept:
        copy: CachedProgram | None = None
        while True:
            # an incarnation that the driver has given up never comes back; the new one keeps only the program's file
            incarnation = _Incarnation(known, slot, copy, wanted)
            try:
                end = incarnation.run()
            finally:
                copy = incarnation.close()
                if copy is not None:
                    kept.callback(copy.close)
            if isinstance(end, Dismissed):
                if end.error:
                    raise EngineError(end.reason)
                return end.reason


class _Incarnation:
    """One stay with the driver, which has a connection, a conversation over it, and a runner."""

    def __init__(self, ticket: Ticket, slot: int, copy: CachedProgram | None, wanted: Callable[[], bool]) -> None:
        self._ticket, self._slot = ticket, slot
        self._worker = worker_name(ticket.prefix, slot)
        self._waker = Waker()
        self._dead: deque[Keeper] = deque()
        self._fetcher: ProgramFetcher | None = None
        self._keeper: Keeper | None = None
        self._sources: SharedCopy | None = None
        self._copy, self._wanted = copy, wanted
        self._broken = False
        # an identity must not begin with a zero, since ZeroMQ reserves these for itself
        self._line = agent_end(ticket, b"\1" + struct.pack("!I", slot) + secrets.token_bytes(8))
        self._client = Client(introduction(slot, ticket.token), ticket.timing, time.monotonic())

    def run(self) -> object:
        """Serve the driver until this incarnation is over, and return why it is."""
        self._dial()
        connections = self._line.connections
        while self._client.end is None:
            if not self._wanted():
                return Dismissed(reason="its task was cancelled")
            self._turn()
            if self._line.connections != connections:
                connections = self._line.connections
                self._client.connected(time.monotonic())
            if reason := self._orphaned(time.monotonic()):
                return Dismissed(reason=reason)
        return self._client.end

    def _dial(self) -> None:
        timing = self._ticket.timing
        try:
            self._line.dial(timing.dial, self._wanted)
        except Unreachable as error:
            hint = f". {self._ticket.hint}" if self._ticket.hint else ""
            raise EngineError(
                f"the driver can't be reached from {socket.gethostname()}: tried for {timing.dial:g} s, {error}{hint}"
            ) from error

    def _turn(self) -> None:
        client, line = self._client, self._line
        for body in client.outgoing(time.monotonic()):
            line.send(body)
        ready = line.wait(self._ticket.timing.heartbeat / 2, self._descriptors())
        for body in line.received():
            for message in client.receive(body, time.monotonic()):
                self._obey(message)
        if self._waker.descriptor in ready:
            self._waker.clear()
            self._look_after()
        elif ready and self._keeper is not None:
            self._tell_facts(self._keeper)
        if client.welcome is not None and not self._broken and not self._keeper and not self._fetcher:
            self._prepare(client.welcome)

    def _prepare(self, welcome: Welcome) -> None:
        """Start the runner, or first fetch the program if it isn't here yet."""
        if self._copy is None:
            self._fetcher = ProgramFetcher(self._ticket.digest, self._ticket.size, self._waker.wake)
            return
        own = environment(self._slot, self._ticket.cpus, 0, []) | dict(NO_PRIVATE_SPARK) | welcome.environment
        try:
            self._sources = unpacked_sources(self._copy.descriptor)
        except EngineError as error:
            self._give_up(str(error))
            return
        sources = None if self._sources is None else self._sources.path
        # as many workers as there are cores for may share this machine
        growth = allowed_growth(max(1, usable_cores() // self._ticket.cpus))
        self._keeper = Keeper(self._worker, self._copy.descriptor, own, self._died, growth, sources)

    def _descriptors(self) -> list[int]:
        """The file descriptors to watch for input. While the driver lags behind, the runner isn't listened to."""
        watched = [self._waker.descriptor]
        if self._keeper is not None and not self._broken and not self._client.full:
            watched += self._keeper.descriptors
        return watched

    def _obey(self, message: FromDriver) -> None:
        match message:
            case Chunk(data=data):
                if self._fetcher is not None:
                    self._fetcher.deliver(data)
            case Job():
                if self._keeper is not None:
                    self._keeper.start(message)
            case Send():
                if self._keeper is not None:
                    self._keeper.signal(message.trial, message.attempt, message.signal)
            case Renew():
                if self._keeper is not None:
                    self._keeper.renew()
            case _:
                assert_never(message)

    def _look_after(self) -> None:
        """Handle news from another thread: that a part of the bundle is wanted, or that the runner has died."""
        if self._fetcher is not None:
            self._look_after_fetching(self._fetcher)
        while self._dead and not self._broken:
            keeper = self._dead.popleft()
            self._tell_facts(keeper, dead=True)
            if not self._broken:
                self._restart(keeper)

    def _restart(self, keeper: Keeper) -> None:
        if self._sources is not None and self._copy is not None:
            try:
                restore_sources(self._sources, self._copy.descriptor)
            except EngineError as error:
                self._give_up(str(error))
                return
        keeper.restart()

    def _look_after_fetching(self, fetcher: ProgramFetcher) -> None:
        for offset in fetcher.wanted():
            self._client.tell(Fetch(offset=offset))
        if fetcher.copy is not None:
            self._copy, self._fetcher = fetcher.copy, None
        elif fetcher.error is not None:
            self._fetcher = None
            self._give_up(str(fetcher.error))

    def _died(self, keeper: Keeper) -> None:
        self._dead.append(keeper)
        self._waker.wake()

    def _tell_facts(self, keeper: Keeper, *, dead: bool = False) -> None:
        try:
            facts = keeper.collect_exit() if dead else keeper.read()
        except ObjectiveError as error:
            self._give_up(str(error), objective=True)
        except EngineError as error:
            self._give_up(str(error))
        else:
            for fact in facts:
                self._client.tell(fact)

    def _give_up(self, message: str, *, objective: bool = False) -> None:
        """Tell the driver that this agent can't go on, and wait to be dismissed."""
        self._broken = True
        self._client.tell(Broken(message=message, objective=objective))

    def _orphaned(self, now: float) -> str:
        """Why the driver must be considered gone; empty while it is there."""
        timing, line = self._ticket.timing, self._line
        if not line.connected and now - line.changed > timing.orphan:
            return f"the driver was gone for {timing.orphan:g} s"
        if now - max(self._client.heard, line.changed) > timing.silence:
            return f"the driver said nothing for {timing.silence:g} s"
        return ""

    def close(self) -> CachedProgram | None:
        """End the runner, by force after a short grace, and close everything except the copy, which is returned."""
        keeper = self._keeper
        try:
            if keeper is not None:
                if isinstance(self._client.end, Dismissed):
                    keeper.dismiss()
                    keeper.wait(_GRACE)
                keeper.kill()
                keeper.wait(_GRACE)
        finally:
            if self._fetcher is not None:
                self._copy = self._fetcher.close()
            if self._sources is not None:
                self._sources.leave()
            self._line.close()
            self._waker.close()
        return self._copy
