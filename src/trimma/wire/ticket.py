"""The ticket: all that an agent must know to find its driver and to start work."""

import msgspec
from msgspec import Struct

from trimma.errors import EngineError
from trimma.wire.leases import Timing
from trimma.wire.messages import UNREADABLE, VERSION


class Ticket(Struct, frozen=True, kw_only=True):
    """Where the driver is, the keys to authenticate with it, and the digest and size of the program to fetch.

    Each slot has a ticket of its own, with a ``token`` by which its agent shows that it is meant for this slot.
    ``hint`` says what a user can do when none of the ``addresses`` can be reached.
    """

    wire: int = VERSION
    prefix: str
    addresses: tuple[str, ...]
    server_key: bytes
    public_key: bytes
    secret_key: bytes
    token: bytes = b""
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
            wire = msgspec.msgpack.decode(data, type=_WireVersion).wire
            if wire == VERSION:
                return msgspec.msgpack.decode(data, type=cls)
        except UNREADABLE as error:
            raise EngineError(f"this is no ticket of a driver: {error}") from error
        raise EngineError(
            f"the driver speaks version {wire} of Trimma's wire protocol, this worker version {VERSION}: "
            "install the same version of trimma on both"
        )


def worker_name(prefix: str, slot: int) -> str:
    """The name of the worker in a slot."""
    return f"{prefix}-{slot}"


class _WireVersion(Struct):
    wire: int
