"""The messages between driver and agents. They are typed, bounded in size, and have a version.

A connection begins with the agent's `Hello`, which the driver answers with `Welcome`, `Wait` or `Dismissed`. From
then on both sides send frames of a `Channel`. An agent that the driver doesn't know, or has given up, is answered with
`Lapsed`. Pickles go from driver to agent only, in chunks.

`Hello` and `Dismissed` are read by every version: fields may be added to them, and none taken away.
"""

import os
import socket
import sys
from importlib import import_module

import msgspec
from msgspec import Struct

from trimma import facts
from trimma.commands import Job, Renew, Send
from trimma.wire.channel import Frame
from trimma.worker import link

VERSION = 1
MAX_FRAME = link.MAX_FRAME + 2**20
"""Bytes of one frame to an agent: any job fits."""

MOST_FROM_AGENT = link.MOST_FROM_RUNNER + 2**20
"""Bytes of one frame of an agent: anything that a runner may send fits."""

CHUNK = 2**20

UNREADABLE = link.UNREADABLE


class Hello(Struct, frozen=True, kw_only=True, tag=True):
    """An agent introduces itself. ``wire`` is the version of this protocol.

    ``token`` is that of its ticket, by which the driver knows that it is meant for this slot. ``again`` says that it
    was welcomed before, and only has a new connection.
    """

    wire: int
    trimma: str = ""
    python: str = ""
    slot: int = -1
    token: bytes = b""
    host: str = ""
    pid: int = 0
    again: bool = False


class Welcome(Struct, frozen=True, kw_only=True, tag=True):
    """The agent has its slot. ``environment`` holds variables that its runner gets beside the agent's own."""

    environment: dict[str, str]

    def __repr__(self) -> str:
        return f"Welcome(environment=<{len(self.environment)} variables>)"


class Wait(Struct, frozen=True, kw_only=True, tag=True):
    """Another agent may still hold the slot, so the agent should ask again."""


class Lapsed(Struct, frozen=True, kw_only=True, tag=True):
    """The driver has given up this agent and the trial that it ran. The agent may begin afresh."""


class Dismissed(Struct, frozen=True, kw_only=True, tag=True):
    """The agent is to end. ``error`` says that it can't work with this driver, rather than that it isn't needed."""

    reason: str
    error: bool = False


class Fetch(Struct, frozen=True, kw_only=True, tag=True):
    """Asks for the part of the bundle from ``offset`` on."""

    offset: int


class Chunk(Struct, frozen=True, kw_only=True, tag=True):
    """A part of the bundle."""

    offset: int
    data: bytes


class Broken(Struct, frozen=True, kw_only=True, tag=True):
    """The agent can't go on. ``objective`` says that the program is at fault, so that no other agent could either."""

    message: str
    objective: bool


FromAgent = facts.FromAgent | Fetch | Broken
FromDriver = Job | Send | Renew | Chunk
ToDriver = Hello | Frame[FromAgent]
ToAgent = Welcome | Wait | Lapsed | Dismissed | Frame[FromDriver]

encode = msgspec.msgpack.Encoder().encode
read_from_agent = msgspec.msgpack.Decoder[ToDriver](ToDriver).decode
read_from_driver = msgspec.msgpack.Decoder[ToAgent](ToAgent).decode


def introduction(slot: int, token: bytes) -> Hello:
    """What an agent in this process says first."""
    return Hello(
        wire=VERSION,
        trimma=import_module("trimma").__version__,
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        slot=slot,
        token=token,
        host=socket.gethostname(),
        pid=os.getpid(),
    )
