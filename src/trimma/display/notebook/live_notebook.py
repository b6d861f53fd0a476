"""The live view in a notebook: an output of the cell that is replaced as the study goes on. It needs no widgets."""

import io
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import RenderableType

from trimma.display.terminal.live_view import final, frame
from trimma.display.terminal.paced_frames import PacedFrames
from trimma.display.terminal.safe_console import SafeConsole
from trimma.events import Event
from trimma.ports import History

WIDTH, HEIGHT = 100, 30
FRAME_SECONDS = 0.5
PAGE = "<pre style='line-height:1.25;white-space:pre;overflow-x:auto;font-size:12px'>{code}</pre>"


class NotebookView:
    """An observer that shows the same frames as the live view in a terminal, at most two a second.

    When the context ends, a few lines stay. ``engine`` is shown beside the name. ``show`` displays a first output, and
    returns a handle whose ``update`` replaces it: by default it is `IPython.display.display`. ``clock`` gives the
    seconds by which frames are spaced.
    """

    def __init__(
        self,
        engine: str = "",
        *,
        show: Callable[..., Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._show = engine, show
        self._handle: Any = None
        self._frames = PacedFrames(self._draw, FRAME_SECONDS, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._frames.latest is not None:
            self._display(final(*self._frames.latest, self._engine, WIDTH, self._frames.view))

    def __call__(self, events: Sequence[Event], history: History, now: float) -> None:
        self._frames(events, history, now)

    def _draw(self, history: History, now: float) -> None:
        self._display(frame(history, now, self._engine, WIDTH, HEIGHT, self._frames.view))

    def _display(self, shown: RenderableType) -> None:
        output = {"text/html": _as_html(shown), "text/plain": _as_text(shown)}
        if self._handle is not None:
            self._handle.update(output, raw=True)
            return
        show: Any = self._show
        if show is None:
            from IPython.display import display as show
        self._handle = show(output, raw=True, display_id=True)


def _as_html(shown: RenderableType) -> str:
    console = _console(record=True)
    console.print(shown)
    return console.export_html(inline_styles=True, code_format=PAGE)


def _as_text(shown: RenderableType) -> str:
    console = _console()
    with console.capture() as capture:
        console.print(shown)
    return capture.get()


def _console(*, record: bool = False) -> SafeConsole:
    return SafeConsole(
        file=io.StringIO(),
        width=WIDTH,
        record=record,
        color_system="truecolor" if record else None,
        force_terminal=False,
        force_jupyter=False,
    )
