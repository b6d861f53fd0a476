"""Simulated agents, thousands for one driver: each a client on an encrypted connection of its own, and no runner.

What they are told to run reports once a second, until the driver lets all of it end. One that the driver has given up
begins afresh, as a real one does.
"""

import base64
import heapq
import os
import secrets
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import zmq

from trimma.commands import Job
from trimma.facts import Joined, Measured, Returned
from trimma.wire.addresses import Listen
from trimma.wire.client import Client
from trimma.wire.messages import Lapsed, introduction
from trimma.wire.ticket import Ticket, worker_name

MOST = 10_000
NEVER = float("inf")


class Crowds:
    """A launcher of agents that share some processes."""

    name = "crowd"

    def __init__(self, processes: int) -> None:
        self._ended: dict[int, Callable[[int, None], None]] = {}
        self._processes = [
            subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE) for _ in range(processes)
        ]

    def open(self, study: str) -> Listen:
        return Listen()

    def launch(self, slot: int, ticket: bytes, ended: Callable[[int, None], None]) -> None:
        self._ended[slot] = ended
        self._tell(self._processes[slot % len(self._processes)], f"{slot} {base64.b64encode(ticket).decode()}")

    def finish(self) -> None:
        """Let each trial end with its next report."""
        for process in self._processes:
            self._tell(process, "finish")

    def close(self) -> None:
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            process.wait(60)
        ended, self._ended = self._ended, {}
        for slot, tell in ended.items():
            tell(slot, None)

    def _tell(self, process: Any, line: str) -> None:
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()


class Simulant:
    """One agent; ``due`` is when it has something to do again."""

    def __init__(self, context: "zmq.Context[Any]", slot: int, ticket: Ticket) -> None:
        self.slot, self.ticket = slot, ticket
        self._worker, self._timing = worker_name(ticket.prefix, slot), ticket.timing
        # as `trimma.wire.sockets.AgentSocket` does, which would have a context, and so two threads, for each agent
        self.socket = context.socket(zmq.DEALER)
        self.socket.set(zmq.ROUTING_ID, b"\1" + struct.pack("!I", slot) + secrets.token_bytes(8))
        self.socket.set(zmq.CURVE_SERVERKEY, ticket.server_key)
        self.socket.set(zmq.CURVE_PUBLICKEY, ticket.public_key)
        self.socket.set(zmq.CURVE_SECRETKEY, ticket.secret_key)
        self.socket.set(zmq.HEARTBEAT_IVL, round(ticket.timing.pulse * 1000))
        self.socket.set(zmq.HEARTBEAT_TIMEOUT, round(3 * ticket.timing.pulse * 1000))
        self.socket.connect(ticket.addresses[0])
        self._client = Client(introduction(slot, ticket.token), ticket.timing, time.monotonic())
        self._job: Job | None = None
        self._joined = False
        self._sent = 0
        self._report_at = self.due = NEVER

    @property
    def over(self) -> bool:
        return self._client.end is not None

    @property
    def lapsed(self) -> bool:
        """Whether the driver has given this one up, and would take another."""
        return isinstance(self._client.end, Lapsed)

    def listen(self, now: float) -> None:
        """Take in what the driver says."""
        while True:
            try:
                body = self.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            for message in self._client.receive(body, now):
                if isinstance(message, Job):
                    self._job, self._sent = message, 0
                    # at any moment of a second: agents don't report all at once
                    self._report_at = now + secrets.randbelow(1000) / 1000

    def turn(self, now: float, *, finish: bool) -> None:
        """Say what there is to say."""
        if self._client.welcome is not None and not self._joined:
            self._joined = True
            self._client.tell(Joined(worker=self._worker, stay=1))
        if self._job is not None and now >= self._report_at:
            self._report(self._job, finish=finish)
        for body in self._client.outgoing(now):
            self.socket.send(body)
        self.due = min(now + self._timing.heartbeat, self._report_at)

    def _report(self, job: Job, *, finish: bool) -> None:
        self._sent += 1
        self._report_at += 1.0
        loss = 1 / self._sent
        self._client.tell(Measured(trial=job.trial, attempt=job.attempt, step=self._sent, metrics={"loss": loss}))
        if finish:
            result = {"loss": loss, "sent": float(self._sent)}
            self._client.tell(Returned(trial=job.trial, attempt=job.attempt, metrics=result))
            self._job, self._report_at = None, NEVER


class Crowd:
    """The agents of this process. Who joins, and when trials end, stands in the lines of the standard input."""

    def __init__(self) -> None:
        self._context: zmq.Context[Any] = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, MOST)
        self._poller = zmq.Poller()
        self._entrance = sys.stdin.fileno()
        self._poller.register(self._entrance, zmq.POLLIN)
        self._members: dict[Any, Simulant] = {}
        self._agenda: list[tuple[float, int, Any]] = []
        self._entries = 0
        self._rest = b""
        self._finish = False

    def run(self) -> None:
        """Until nobody writes any more."""
        while True:
            wait = self._agenda[0][0] - time.monotonic() if self._agenda else 1.0
            ready = dict(self._poller.poll(max(0.0, min(1.0, wait)) * 1000))
            if self._entrance in ready and not self._read():
                break
            now = time.monotonic()
            for socket in ready:
                if (member := self._members.get(socket)) is not None:
                    member.listen(now)
                    self._turn(member, now)
            while self._agenda and self._agenda[0][0] <= now:
                due, _, socket = heapq.heappop(self._agenda)
                member = self._members.get(socket)
                if member is not None and member.due == due:
                    self._turn(member, now)
        self._context.destroy(linger=0)

    def _turn(self, member: Simulant, now: float) -> None:
        if member.over:
            del self._members[member.socket]
            self._poller.unregister(member.socket)
            member.socket.close(0)
            if member.lapsed:
                self._add(member.slot, member.ticket)
            return
        before = member.due
        member.turn(now, finish=self._finish)
        if member.due != before:
            self._entries += 1
            heapq.heappush(self._agenda, (member.due, self._entries, member.socket))

    def _read(self) -> bool:
        """Take in lines; False at their end."""
        arrived = os.read(self._entrance, 2**20)
        *lines, self._rest = (self._rest + arrived).split(b"\n")
        for line in lines:
            if line == b"finish":
                self._finish = True
                continue
            slot, ticket = line.split()
            self._add(int(slot), Ticket.from_bytes(base64.b64decode(ticket)))
        return bool(arrived)

    def _add(self, slot: int, ticket: Ticket) -> None:
        member = Simulant(self._context, slot, ticket)
        self._members[member.socket] = member
        self._poller.register(member.socket, zmq.POLLIN)
        self._turn(member, time.monotonic())


if __name__ == "__main__":
    Crowd().run()
