"""Observers, which follow a study in threads of their own. They can neither slow it down nor end it."""

import time
import warnings
from collections.abc import Callable, Sequence
from inspect import signature
from types import TracebackType
from typing import Any, Self

from trimma.api.follower import Follower
from trimma.api.warn_and_go_on import warn_and_go_on
from trimma.errors import UsageError
from trimma.events import Event
from trimma.objective import describe
from trimma.ports import History, Observer, Store

FLUSH_SECONDS = 30.0
"""How long a study waits at its end for its observers, for all of them together."""


def observers_of(observers: Any) -> tuple[Observer, ...]:
    """The observers as a tuple. Raises `UsageError` unless each can be called with three arguments."""
    try:
        found = tuple(observers)
    except TypeError:
        raise UsageError(f"observers={observers!r}: give a list, observers=[...]") from None
    for observer in found:
        if not callable(observer):
            raise UsageError(f"observers=[{observer!r}]: an observer is a function of (events, history, now)")
        if not _takes_three(observer):
            raise UsageError(f"observers: {describe(observer)} must take three arguments, (events, history, now)")
    return found


def _takes_three(function: Callable[..., Any]) -> bool:
    try:
        parameters = signature(function)
    except ValueError:
        return True  # some functions written in C don't tell their arguments
    try:
        parameters.bind(None, None, None)
    except TypeError:
        return False
    return True


class Observers:
    """An observer that tells each of ``observers``, in a thread of its own, what is new in the study ``name``.

    They are given the events after the first ``known``. The end of the context waits until they have been given all
    events, for `FLUSH_SECONDS` at most, and not at all after a second ctrl-C. An observer that raises an exception
    isn't called any more. A `RuntimeWarning` tells of that, and of an observer that was not ready in time.
    """

    def __init__(self, observers: Sequence[Observer], store: Store, name: str, known: int) -> None:
        self._name = name
        self._followers = [Follower(observer, store, name, known) for observer in observers]

    def __enter__(self) -> Self:
        return self

    def __call__(self, events: Sequence[Event], history: History, now: float) -> None:
        for follower in list(self._followers):
            if follower.failure is not None:
                self._followers.remove(follower)
                _tell_failure(follower, follower.failure)
            elif events:
                follower.tell(len(history), now)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None or issubclass(kind, Exception):
                self._flush()
        finally:
            for follower in self._followers:
                follower.leave()

    def _flush(self) -> None:
        for follower in self._followers:
            follower.finish()
        deadline = time.monotonic() + FLUSH_SECONDS
        for follower in self._followers:
            if not follower.ended(deadline - time.monotonic()):
                follower.leave()
                _tell_late(follower, self._name)
            elif follower.failure is not None:
                _tell_failure(follower, follower.failure)


def _tell_failure(follower: Follower, failure: BaseException) -> None:
    warn_and_go_on(
        f"the observer {follower.label} is called no more, for it raised an exception (the study is not affected)",
        failure,
    )


def _tell_late(follower: Follower, name: str) -> None:
    late = follower.undelivered
    warnings.warn(
        f"the observer {follower.label} is still busy {FLUSH_SECONDS:g} s after the end of study {name!r}: "
        + (
            f"{late} events were not delivered to it" if late else "it has been given all events, the last of them late"
        ),
        RuntimeWarning,
        stacklevel=2,
    )
