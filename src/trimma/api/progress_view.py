"""Shows a study while it runs. A view that fails doesn't end the study."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

from trimma.api.warn_and_go_on import warn_and_go_on
from trimma.events import Event
from trimma.ports import Engine, History, Observer
from trimma.safe_text import safe

View = Callable[[Engine], AbstractContextManager[Observer]]
"""A function that shows a study while it runs. It is called with the engine, and returns a context manager that makes
an observer.

If the view raises an exception, it is dropped with a warning, and the study goes on.
"""


def view_of(progress: bool | View, engine: Engine) -> AbstractContextManager[Observer]:
    """The view that ``progress`` asks for: `view` for True, one that shows nothing for False."""
    if callable(progress):
        return progress(engine)
    return view(engine) if progress else nullcontext(_unseen)


def view(engine: Engine, *, summary_follows: bool = False) -> AbstractContextManager[Observer]:
    """A live view if this is a notebook or standard error is a terminal, otherwise plain lines.

    In a terminal, only one study of this process is drawn at a time. Others that run meanwhile write lines above it.
    With ``summary_follows``, the live view disappears when the study has finished, because a summary is shown then.
    """
    from trimma.display.terminal.safe_console import SafeConsole

    console = SafeConsole(file=sys.stderr)
    if console.is_jupyter:
        from trimma.display.notebook.live_notebook import NotebookView

        return NotebookView(repr(engine))
    from trimma.display.terminal.line_view import LineView

    # lines are paced by real time, also when the study's time is simulated
    if not console.is_terminal:
        return LineView(repr(engine), stream=sys.stderr, clock=time.monotonic)
    from trimma.display.terminal.live_view import LiveView
    from trimma.display.terminal.one_draws import OneDraws

    return OneDraws(
        lambda: LiveView(repr(engine), console=console, summary_follows=summary_follows),
        # standard error is another one while a live view is drawn
        lambda: LineView(repr(engine), clock=time.monotonic),
    )


def told_to_user(progress: object) -> Callable[[str], None]:
    """A function that writes a line to standard error, or nothing where ``progress`` is False."""

    def tell(text: str) -> None:
        if progress is not False:
            sys.stderr.write(f"trimma: {safe(text)}\n")

    return tell


def _unseen(events: Sequence[Event], history: History, now: float) -> None:
    """An observer that shows nothing."""


class Shown:
    """An observer that passes everything on to a view, until the view fails.

    A closed terminal, a broken pipe or an error in a view must not end a study. A `RuntimeWarning` says what went
    wrong.
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
    warn_and_go_on("the study goes on, but can't be shown any more", error)
