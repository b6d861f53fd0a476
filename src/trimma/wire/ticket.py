"""All that an agent must know to find its driver."""

import msgspec
from msgspec import Struct

from trimma.errors import EngineError
from trimma.wire.messages import VERSION


class Timing(Struct, frozen=True, kw_only=True):
    """Seconds.

    ``heartbeat``: how often an agent is heard at least; ``lease``: how long it may stay silent before the driver
    gives it up; ``dial``: how long it tries to reach the driver at first; ``orphan``: how long it goes on without a
    connection; ``silence``: how long it goes on when the connection stands, but the driver says nothing.
    """

    heartbeat: float = 1.0
    lease: float = 10.0
    dial: float = 20.0
    orphan: float = 15.0
    silence: float = 60.0

    @property
    def pulse(self) -> float:
        """How often the driver is heard at least."""
        return self.lease / 3

    @property
    def contested(self) -> float:
        """How long an agent may stay silent when another one asks for its slot."""
        return min(self.lease, 3 * self.heartbeat)


class Ticket(Struct, frozen=True, kw_only=True):
    """Where the driver is, the keys that open its door, and what is to be fetched there.

    ``hint`` says what a user can do when none of the ``addresses`` can be reached.
    """

    wire: int = VERSION
    prefix: str
    addresses: tuple[str, ...]
    server_key: bytes
    public_key: bytes
    secret_key: bytes
    digest: str
    size: int
    cpus: int = 1
    hint: str = ""
    timing: Timing = Timing()

    def __repr__(self) -> str:
        return f"Ticket({', '.join(self.addresses)})"

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Ticket":
        """Raises `EngineError` for the ticket of another version of this protocol."""
        try:
            wire = msgspec.msgpack.decode(data, type=_Version).wire
            if wire == VERSION:
                return msgspec.msgpack.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise EngineError(f"this is no ticket of a driver: {error}") from error
        raise EngineError(
            f"the driver speaks version {wire} of Trimma's wire protocol, this worker version {VERSION}: "
            "install the same version of trimma on both"
        )


def worker_name(prefix: str, slot: int) -> str:
    """The name of the worker in a slot."""
    return f"{prefix}-{slot}"


class _Version(Struct):
    wire: int
