"""What a trial goes on from."""

from msgspec import Struct


class Checkpoint(Struct, frozen=True, kw_only=True):
    """Where a trial saved itself, and the last step that it had reported by then."""

    step: int
    folder: str
