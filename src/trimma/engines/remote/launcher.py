"""The protocol of launchers, which start the agents of remote workers as tasks of a cluster."""

from collections.abc import Callable
from typing import Protocol

from trimma.wire.addresses import Listen

Ended = Callable[[int, BaseException | None], None]


class Launcher(Protocol):
    """Starts agents. A worker is named after the launcher's ``name`` and its slot."""

    @property
    def name(self) -> str: ...

    def open(self, study: str) -> Listen:
        """Get ready for the study of this name, and return where its driver is to listen."""
        ...

    def launch(self, slot: int, ticket: bytes, ended: Ended) -> None:
        """Start one long-running task that calls ``serve(ticket, slot)``, and return at once.

        ``ended`` is called, from any thread, with the slot when the task is over. Its second argument is None if the
        task ended by itself, and otherwise the error.
        """
        ...

    def close(self) -> None:
        """End all tasks that still run, within a short time."""
        ...
