"""The agents of one study: starts them, listens to them, gives them back and replaces them."""

import contextlib
import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from trimma.commands import Job, Renew, Send, Signal
from trimma.engines.remote.launcher import Launcher
from trimma.engines.remote.scaling import Slots
from trimma.errors import EngineError, ObjectiveError
from trimma.facts import ENDS, Fact, Joined, Left, Measured
from trimma.folders.temporary_folder import TemporaryFolder
from trimma.ports import News
from trimma.program import Program
from trimma.wire.hub import Hub
from trimma.wire.keys import Keys
from trimma.wire.leases import Timing
from trimma.wire.messages import CHUNK
from trimma.wire.ticket import Ticket, worker_name
from trimma.wire.transport import driver_end
from trimma.worker import bundle
from trimma.worker.waker import Waker

_LOOK_UP = 0.25
_ADJUST = 0.05
_GRACE = 4.0
_ON_THE_WAY = 0.15


class Fleet:
    """The agents of one study, from the first start to the last end.

    Only one thread may use it, except for `tell`. Only `poll` waits.
    """

    def __init__(
        self,
        launcher: Launcher,
        program: Program,
        *,
        capacity: int,
        cpus: int,
        environment: Mapping[str, str],
        timing: Timing,
        linger: float,
    ) -> None:
        self._launcher, self._timing = launcher, timing
        self._slots = Slots(capacity, linger=linger, lease=timing.lease)
        self._workers = {worker_name(launcher.name, slot): slot for slot in range(capacity)}
        self._runs: dict[int, tuple[int, int]] = {}
        self._told: deque[News] = deque()
        self._over: deque[tuple[int, BaseException | None]] = deque()
        self._let_go: set[int] = set()
        self._adjusted = float("-inf")
        self._demand: int | None = None
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(TemporaryFolder("program"))
            parcel = bundle.write(program, folder / "program", elsewhere=True)
            self._bundle = stack.enter_context(parcel.path.open("rb"))
            self._waker = Waker()
            stack.callback(self._waker.close)
            # on closing, tasks end before the listener does, so that they can still say goodbye
            listening = stack.enter_context(contextlib.ExitStack())
            listen, keys = launcher.open(program.study), Keys.fresh()
            stack.callback(launcher.close)
            if listen.folder is not None and environment:
                raise EngineError(
                    f"env={list(environment)} can't travel through a shared folder, where it isn't encrypted: set "
                    "these variables on the workers"
                )
            self._listener = driver_end(listen, keys, timing)
            listening.callback(self._listener.close)
            self._listener.watch(self._waker.descriptor)
            self._hub = Hub(launcher.name, timing, environment, self._chunk, lambda: secrets.token_bytes(16))
            self._ticket = Ticket(
                prefix=launcher.name,
                addresses=self._listener.addresses,
                server_key=keys.server_public,
                public_key=keys.public,
                secret_key=keys.secret,
                digest=parcel.digest,
                size=parcel.size,
                cpus=cpus,
                hint=listen.hint,
                timing=timing,
            )
            self._listened = time.monotonic()
            self._adjust(self._listened)
            self._resources = stack.pop_all()

    def _chunk(self, offset: int) -> bytes:
        self._bundle.seek(offset)
        return self._bundle.read(CHUNK)

    def start(self, job: Job) -> None:
        slot = self._workers[job.worker]
        self._runs[job.trial] = (slot, job.attempt)
        self._hub.put(slot, job)
        self._send(time.monotonic())

    def signal(self, trial: int, attempt: int, signal: Signal) -> None:
        slot, running = self._runs.get(trial, (-1, -1))
        if running == attempt:
            self._hub.put(slot, Send(trial=trial, attempt=attempt, signal=signal))
            self._send(time.monotonic())

    def renew(self, command: Renew) -> None:
        """Have a worker's agent start a fresh runner."""
        self._hub.put(self._workers[command.worker], command)
        self._send(time.monotonic())

    def grow(self, capacity: int) -> None:
        """Have slots for at least ``capacity`` agents."""
        for slot in range(len(self._workers), capacity):
            self._workers[worker_name(self._launcher.name, slot)] = slot
        self._slots.grow(capacity)
        self._adjusted = float("-inf")

    def tell(self, fact: News) -> None:
        """Have `poll` return this fact. Any thread may call it."""
        self._told.append(fact)
        self._waker.wake()

    def poll(self, timeout: float | None, demand: int | None) -> Sequence[News]:
        hub, now = self._hub, time.monotonic()
        deadline = now + (_LOOK_UP if timeout is None else min(timeout, _LOOK_UP))
        if now > self._listened + self._timing.heartbeat:
            hub.excuse(now)
        if demand != self._demand or now > self._adjusted + _ADJUST:
            self._demand = demand
            self._adjust(now)
        while True:
            self._send(now)
            drained = self._listen(0.0 if hub.facts or self._told else max(0.0, deadline - now))
            now = self._listened
            self._judge(now)
            if drained:
                hub.expire(now)
            if hub.facts or self._told or now >= deadline:
                break
        self._send(now)
        facts, hub.facts = hub.facts, []
        for fact in facts:
            if type(fact) is not Measured:
                self._note(fact, now)
        return [*facts, *(self._told.popleft() for _ in range(len(self._told)))] if self._told else facts

    def _listen(self, seconds: float) -> bool:
        """Receive what arrives within ``seconds``. Returns whether every agent that has said something was heard."""
        woken = self._waker.descriptor in self._listener.wait(seconds)
        if woken:
            self._waker.clear()
        self._listened = time.monotonic()
        for identity, body in self._listener.received():
            self._hub.receive(identity, body, self._listened)
        self._listener.sweep(self._hub.known, self._listened)
        return self._listener.drained

    def _judge(self, now: float) -> None:
        """Find out which agents have failed or ended, and raise what ends the study."""
        hub = self._hub
        while hub.troubles:
            slot, error = hub.troubles.popleft()
            if isinstance(error, ObjectiveError):
                raise error
            self._let_go.add(slot)
            self._slots.failed(slot, error, now)
        while self._over:
            slot, cause = self._over.popleft()
            if self._slots.ended(slot):
                hub.lose(slot, f"its task ended: {cause}" if cause else "its task ended")
            if slot not in self._let_go and not self._slots.proved(slot):
                self._slots.failed(slot, cause or EngineError("a task ended before its worker was ready"), now)

    def _note(self, fact: Fact, now: float) -> None:
        """Keep track of which slots have workers, and of which trial runs in which slot."""
        match fact:
            case Joined(worker=worker):
                self._slots.joined(self._workers[worker])
                self._adjusted = float("-inf")
            case Left(worker=worker):
                slot = self._workers[worker]
                self._slots.left(slot, now)
                self._runs = {trial: run for trial, run in self._runs.items() if run[0] != slot}
            case _ if isinstance(fact, ENDS):
                if self._runs.get(fact.trial, (-1, -1))[1] == fact.attempt:
                    del self._runs[fact.trial]

    def _adjust(self, now: float) -> None:
        """Start the agents that are wanted, and dismiss those that aren't."""
        self._adjusted = now
        for slot in self._slots.surplus(self._demand, {slot for slot, _ in self._runs.values()}, now):
            self._dismiss(slot, "it was not needed any more")
        for slot in self._slots.due(self._demand, now):
            self._slots.launched(slot)
            ticket = msgspec.structs.replace(self._ticket, token=self._hub.expect(slot))
            self._let_go.discard(slot)
            self._launcher.launch(slot, ticket.to_bytes(), self._end)

    def _dismiss(self, slot: int, reason: str) -> None:
        self._let_go.add(slot)
        self._hub.dismiss(slot, reason)

    def _end(self, slot: int, error: BaseException | None) -> None:
        """A task is over. Launchers call this from any thread."""
        self._over.append((slot, error))
        self._waker.wake()

    def _send(self, now: float) -> None:
        send = self._listener.send
        for identity, body in self._hub.outgoing(now):
            send(identity, body)

    def close(self) -> None:
        """Dismiss all agents, and end the tasks that still run after a short grace.

        Agents that are on their way have a shorter one. They are dismissed as well when they arrive in time, since what
        is cancelled may cost the cluster a process: Spark kills the Python worker of a task that it cancels.
        """
        with self._resources:
            held = [slot for slot in self._workers.values() if self._hub.holds(slot)]
            for slot in self._workers.values():
                self._dismiss(slot, "the study is over")
            now = time.monotonic()
            for slots, deadline in ((self._workers.values(), now + _ON_THE_WAY), (held, now + _GRACE)):
                while any(map(self._slots.runs, slots)) and (now := time.monotonic()) < deadline:
                    self._send(now)
                    self._listen(deadline - now)
                    while self._over:
                        self._slots.ended(self._over.popleft()[0])
