"""A process that sends to a driver whatever it can, as fast as it can: ``flood.py ATTACK TALE SLOT``.

Its ticket comes by its standard input. It writes into the file TALE each time that it has sent something.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zmq

from trimma.commands import Job
from trimma.facts import Joined, Measured, Printed
from trimma.wire.channel import Frame
from trimma.wire.messages import Fetch, encode, introduction, read_from_driver
from trimma.wire.ticket import Ticket, worker_name

LARGEST = 4 * 2**20


class Flood:
    """Somebody who holds the ticket of one slot."""

    def __init__(self, ticket: Ticket, slot: int) -> None:
        self.ticket, self.slot = ticket, slot
        self.context: zmq.Context[Any] = zmq.Context()
        self.context.set(zmq.MAX_SOCKETS, 5000)
        self.worker = worker_name(ticket.prefix, slot)
        self.hello = encode(introduction(slot, ticket.token))

    def dial(self, identity: bytes | None = None) -> zmq.Socket[bytes]:
        end = self.context.socket(zmq.DEALER)
        end.set(zmq.ROUTING_ID, identity or b"\1" + struct.pack("!I", self.slot) + secrets.token_bytes(8))
        end.set(zmq.CURVE_SERVERKEY, self.ticket.server_key)
        end.set(zmq.CURVE_PUBLICKEY, self.ticket.public_key)
        end.set(zmq.CURVE_SECRETKEY, self.ticket.secret_key)
        end.set(zmq.SNDTIMEO, 1000)
        end.set(zmq.LINGER, 0)
        end.connect(self.ticket.addresses[0])
        return end

    def joined(self) -> zmq.Socket[bytes]:
        """A connection whose worker has joined."""
        end = self.dial()
        end.send(self.hello)
        end.recv()
        end.send(encode(Frame(1, 0, [Joined(worker=self.worker, stay=1)])))
        return end

    def send(self, end: zmq.Socket[bytes], body: bytes, flags: int = 0) -> None:
        with contextlib.suppress(zmq.Again):
            end.send(body, flags)

    def hellos(self) -> Iterator[None]:
        end = self.dial()
        while True:
            self.send(end, self.hello)
            yield

    def garbage(self) -> Iterator[None]:
        end = self.dial()
        end.send(self.hello)
        while True:
            self.send(end, os.urandom(500))
            yield

    def huge(self) -> Iterator[None]:
        ends = [self.dial() for _ in range(4)]
        for end in itertools.cycle(ends):
            self.send(end, bytes(LARGEST - 100))
            yield

    def window(self) -> Iterator[None]:
        """More messages than may be on their way, again and again, as a new incarnation each time."""
        while True:
            with contextlib.closing(self.dial()) as end:
                self.send(end, self.hello)
                for number in range(30):
                    self.send(end, encode(Frame(1 + 512 * number, 0, [Fetch(offset=0)] * 512)))
                    yield

    def deaf(self) -> Iterator[None]:
        """Ask for much, and read nothing."""
        end = self.dial()
        end.send(self.hello)
        for number in itertools.count(1):
            self.send(end, encode(Frame(number, 0, [Fetch(offset=number)])))
            self.send(end, self.hello)
            yield

    def identities(self) -> Iterator[None]:
        while True:
            with contextlib.closing(self.dial()) as end:
                self.send(end, self.hello)
                end.poll(100)
                yield

    def connections(self) -> Iterator[None]:
        """A thousand connections, each of which says something and stays."""
        ends = []
        for number in itertools.count():
            if number < 1000:
                ends.append(self.dial())
            self.send(ends[number % len(ends)], self.hello)
            yield

    def silent(self) -> Iterator[None]:
        """A thousand connections that say nothing."""
        ends = []
        for number in itertools.count():
            if number < 1000:
                ends.append(self.dial())
            else:
                time.sleep(0.01)
            yield

    def parts(self) -> Iterator[None]:
        """Messages of very many parts."""
        end = self.dial()
        while True:
            for _ in range(50):
                self.send(end, bytes(2**20), zmq.SNDMORE)
            self.send(end, b"")
            yield

    def reports(self) -> Iterator[None]:
        """Reports of the trial that it was given, without waiting until some are acknowledged."""
        end = self.joined()
        job = self.job(end)
        for number in itertools.count():
            told = [
                Measured(trial=job.trial, attempt=job.attempt, step=512 * number + step, metrics={"score": 0.0})
                for step in range(511)
            ]
            text = Printed(trial=job.trial, attempt=job.attempt, text="x" * 1000)
            self.send(end, encode(Frame(2 + 512 * number, 1, [*told, text])))
            yield

    def job(self, end: zmq.Socket[bytes]) -> Job:
        while True:
            message = read_from_driver(end.recv())
            for each in message.messages if isinstance(message, Frame) else ():
                if isinstance(each, Job):
                    return each


def main(attack: str, tale: str, slot: str) -> None:
    ticket = Ticket.from_bytes(sys.stdin.buffer.read())
    with Path(tale).open("ab", buffering=0) as told:
        told.writelines(b"." for _ in getattr(Flood(ticket, int(slot)), attack)())


if __name__ == "__main__":
    main(*sys.argv[1:])
