"""The saved state of a trial, from which it can go on."""

from msgspec import Struct


class Checkpoint(Struct, frozen=True, kw_only=True):
    """The folder to which a trial saved its state, and the last step that it had reported by then."""

    step: int
    folder: str
