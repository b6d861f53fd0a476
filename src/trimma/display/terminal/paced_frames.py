"""Spaces the frames of a live view, so that drawing takes a small part of the time."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trimma.display.terminal.choose_view import ablation_view
from trimma.events import Event
from trimma.ports import History

if TYPE_CHECKING:
    from trimma.display.terminal.ablation_view import AblationView

PAUSE = 19  # the pause between two frames, as a multiple of what one takes


class PacedFrames:
    """An observer that calls ``draw`` with the history and the time when a frame is due.

    That is the case ``seconds`` after the last frame, and not before ``PAUSE`` times as long as that took to draw.
    ``clock`` gives the seconds. ``latest`` is what the observer was last called with, None at first. ``view`` keeps
    what was found in an ablation from frame to frame.
    """

    def __init__(self, draw: Callable[[History, float], None], seconds: float, clock: Callable[[], float]) -> None:
        self._draw, self._seconds, self._clock = draw, seconds, clock
        self._next = 0.0
        self.latest: tuple[History, float] | None = None
        self.view: AblationView | None = None

    def __call__(self, events: Sequence[Event], history: History, now: float) -> None:
        if self.latest is None:
            self.view = ablation_view(history)
        self.latest = history, now
        moment = self._clock()
        if moment >= self._next:
            self._draw(history, now)
            drawn = self._clock()
            self._next = drawn + max(self._seconds, PAUSE * (drawn - moment))
