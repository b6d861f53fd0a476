"""What becomes of a frame when its terminal is made narrower."""

import os

from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import ControlType, Segment


class NarrowedTerminal:
    """Erases the lines that a terminal has made of the last frame by wrapping it.

    Most terminals wrap what they show when they are made narrower, so that a frame covers more lines than were drawn.
    Rich moves up by as many lines as it has drawn, and would leave the first ones. xterm and GNU screen cut lines
    instead of wrapping them.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._wraps = not any(name in os.environ for name in ("XTERM_VERSION", "STY"))
        self._width = console.width
        self._lengths: list[int] = []

    def drawn(self, frame: RenderableType) -> None:
        """Take note of the frame that was drawn last."""
        options = self._console.options
        self._width = options.max_width
        lines = self._console.render_lines(frame, options, pad=False)
        self._lengths = [Segment.get_line_length(line) for line in lines]

    def erase_surplus(self) -> None:
        """Erase the lines that the last frame covers beyond those that were drawn. The cursor is on its last line."""
        width = self._console.width
        if not self._wraps or width >= self._width:
            return
        surplus = sum(max(0, -(-length // width) - 1) for length in self._lengths)
        self._lengths, self._width = [], width
        one = (ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_UP, 1))
        self._console.control(Control(*one * surplus))
