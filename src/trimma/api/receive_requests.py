"""How the process that runs a study hears what it is asked from outside."""

import time
from collections.abc import Callable, Sequence

from trimma.api.warn_and_go_on import warn_and_go_on
from trimma.errors import StoreFull
from trimma.ports import Inbox, Store
from trimma.requests import Request

PAUSE_SECONDS = 0.25
"""How long the store is left alone between two looks at its inbox."""


class Listener:
    """Call it to get what has been asked of the study ``name`` since the last time.

    What was asked before this session is dropped: it was meant for an earlier one. A store without an inbox never has
    anything. Where the inbox can't be read, a `RuntimeWarning` says so once, and the study goes on without it: that
    nobody can ask for anything is no reason to lose its trainings.

    ``clock`` is in seconds of real time, since people wait for an answer, whatever time the study runs on.
    """

    def __init__(self, store: Store, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._inbox = store if isinstance(store, Inbox) else None
        self._name, self._clock = name, clock
        self._take()

    def __call__(self) -> Sequence[Request]:
        if self._inbox is None or self._clock() < self._next_look:
            return ()
        return self._take()

    def _take(self) -> Sequence[Request]:
        self._next_look = self._clock() + PAUSE_SECONDS
        if self._inbox is None:
            return ()
        try:
            return self._inbox.take_requests(self._name)
        except StoreFull:
            return ()  # they stay there until there is room
        except Exception as error:  # noqa: BLE001 - whatever it is, the study goes on
            self._inbox = None
            warn_and_go_on(
                f"study {self._name!r} goes on, but what is asked of it from outside isn't heard any more "
                "(ctrl-C still works)",
                error,
            )
            return ()
