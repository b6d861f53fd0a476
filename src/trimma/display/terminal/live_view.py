"""The live view: a running study in a terminal, redrawn in place."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, RenderableType
from rich.live import Live

from trimma.display.terminal.choose_view import ablation_view
from trimma.display.terminal.live_search import search_final, search_frame
from trimma.display.terminal.narrowed_terminal import NarrowedTerminal
from trimma.display.terminal.paced_frames import PacedFrames
from trimma.display.terminal.safe_console import SafeConsole
from trimma.events import Event, Outcome
from trimma.ports import History

if TYPE_CHECKING:
    from trimma.display.terminal.ablation_view import AblationView

FRAME_SECONDS = 0.125


class LiveView:
    """An observer that redraws the study at most eight times a second.

    Where a frame takes long to draw, as in a study of many trials, there are fewer frames, so that drawing takes at
    most a twentieth of the time. When the context ends, a few lines stay. With ``summary_follows``, a study that has
    finished leaves none.

    ``engine`` is shown beside the name. ``console`` is where to draw, by default standard error. ``clock`` gives the
    seconds by which frames are spaced: real time, even where the study's time is simulated.
    """

    def __init__(
        self,
        engine: str = "",
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        summary_follows: bool = False,
    ) -> None:
        self._engine, self._summary_follows = engine, summary_follows
        self._console = console or SafeConsole(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._narrowed = NarrowedTerminal(self._console)
        self._frames = PacedFrames(self._draw, FRAME_SECONDS, clock)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._narrowed.erase_surplus()
        self._live.stop()
        latest = self._frames.latest
        if latest is None:
            return
        closed = latest[0].closed
        if not (self._summary_follows and closed is not None and closed.outcome is Outcome.FINISHED):
            self._console.print(final(*latest, self._engine, self._console.width, self._frames.view))

    def __call__(self, events: Sequence[Event], history: History, now: float) -> None:
        self._frames(events, history, now)

    def _draw(self, history: History, now: float) -> None:
        size = self._console.width, self._console.height
        drawn = frame(history, now, self._engine, *size, self._frames.view)
        self._narrowed.erase_surplus()
        self._live.update(drawn, refresh=True)
        self._narrowed.drawn(drawn)


def frame(
    history: History,
    now: float,
    engine: str = "",
    width: int = 80,
    height: int = 24,
    view: "AblationView | None" = None,
) -> RenderableType:
    """One picture of a running study for ``width`` columns and ``height`` lines, with a few trials at least.

    ``view`` keeps what was found in an ablation from frame to frame.
    """
    if view := view or ablation_view(history):
        return view.frame(history, now, engine, width, height)
    return search_frame(history, now, engine, width, height)


def final(
    history: History, now: float, engine: str = "", width: int = 80, view: "AblationView | None" = None
) -> RenderableType:
    """What stays when the study is over: its title, how it went, and its best trial or its components."""
    if view := view or ablation_view(history):
        return view.final(history, now, engine, width)
    return search_final(history, now, engine)
