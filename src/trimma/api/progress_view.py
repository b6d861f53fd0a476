"""How a study is shown while it runs, by a view that can't end it."""

import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

from trimma.events import Event
from trimma.ports import Engine, History, Observer

View = Callable[[Engine], AbstractContextManager[Observer]]
"""How a study is shown while it runs: given the engine, it makes an observer, for as long as its context lasts.

One that raises an exception is dropped with a warning, and the study goes on.
"""


def view_of(progress: bool | View, engine: Engine) -> AbstractContextManager[Observer]:
    """The view that is asked for: `view` for True, none for False."""
    if callable(progress):
        return progress(engine)
    return view(engine) if progress else nullcontext(_unseen)


def view(engine: Engine, *, summary_follows: bool = False) -> AbstractContextManager[Observer]:
    """A live view where standard error is a terminal (or a notebook), plain lines elsewhere.

    With ``summary_follows`` the live view leaves no lines of a study that has finished.
    """
    from rich.console import Console

    console = Console(file=sys.stderr)
    if console.is_terminal or console.is_jupyter:
        from trimma.display.terminal.live_view import LiveView

        return LiveView(repr(engine), console=console, summary_follows=summary_follows)
    from trimma.display.terminal.line_view import LineView

    # paced by real time, where the study's own is simulated too
    return LineView(repr(engine), stream=sys.stderr, clock=time.monotonic)


def _unseen(events: Sequence[Event], history: History, now: float) -> None:
    """An observer that shows nothing."""


class Shown:
    """An observer that passes on to a view, and does without once the view has failed.

    A closed terminal, a pipe that nobody reads any more or an error in a view is no reason to lose a study's trainings.
    What went wrong is told by a `RuntimeWarning`.
    """

    def __init__(self, view: AbstractContextManager[Observer]) -> None:
        self._view = view
        self._observe: Observer | None = None

    def __enter__(self) -> Self:
        try:
            self._observe = self._view.__enter__()
        except Exception as error:  # noqa: BLE001 - whatever it is, the study goes on
            _tell(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._observe is not None:
            self._leave(kind, error, trace)

    def __call__(self, events: Sequence[Event], history: History, now: float) -> None:
        if self._observe is None:
            return
        try:
            self._observe(events, history, now)
        except Exception as error:  # noqa: BLE001 - as above
            self._observe = None
            self._leave(type(error), error, error.__traceback__)
            _tell(error)

    def _leave(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._view.__exit__(kind, error, trace)
        except Exception as another:  # noqa: BLE001 - as above
            if another is not error:
                _tell(another)


def _tell(error: Exception) -> None:
    told = "".join(traceback.format_exception(error)).rstrip()
    warnings.warn(f"the study goes on, but can't be shown any more:\n{told}", RuntimeWarning, stacklevel=2)
