"""The protocol of launchers, which start the agents of remote workers as tasks of a cluster."""

from collections.abc import Callable
from typing import Protocol

from trimma.wire.addresses import Listen

Ended = Callable[[int, BaseException | None], None]


class Launcher(Protocol):
    """Where agents are started. The prefix of ``name`` and a slot name a worker."""

    @property
    def name(self) -> str: ...

    def open(self, study: str) -> Listen:
        """Get ready for the study of this name; where its driver is to listen."""
        ...

    def launch(self, slot: int, ticket: bytes, ended: Ended) -> None:
        """Start one long-running task that calls ``serve(ticket, slot)``, and return at once.

        ``ended`` is called, from any thread, when the task is over: with None when it ended by itself, else with
        the error.
        """
        ...

    def close(self) -> None:
        """End every task that still runs, within a short grace."""
        ...
