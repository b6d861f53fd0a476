"""A live view leaves no fragments where its terminal is made narrower or wider."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from histories import half_run
from trimma.display.terminal.live_view import LiveView

PARTS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")


class Screen(io.StringIO):
    """A terminal that wraps what it shows to its width, also what was written before, unless it ``cuts`` lines."""

    def __init__(self, width: int, *, cuts: bool = False) -> None:
        super().__init__()
        self.width, self.cuts = width, cuts
        self.lines = [""]  # as they were written, each of one row or more
        self.line = self.column = 0

    def write(self, text: str) -> int:
        for part in PARTS.findall(text):
            self._do(part)
        return len(text)

    def _do(self, part: str) -> None:
        if part == "\r":
            self.column -= self.column % self.width
        elif part == "\n":
            self.line, self.column = self.line + 1, 0
            self.lines += [""] * (self.line + 1 - len(self.lines))
        elif part == "\x1b[2K":
            row = self.column - self.column % self.width
            self.lines[self.line] = self.lines[self.line][:row]
        elif part.endswith("A"):
            for _ in range(int(part[2:-1] or 1)):
                self._up()
        elif not part.startswith("\x1b"):
            here = self.lines[self.line]
            self.lines[self.line] = here[: self.column].ljust(self.column) + part + here[self.column + len(part) :]
            self.column += len(part)

    def _up(self) -> None:
        if self.column >= self.width:
            self.column -= self.width
        elif self.line:
            self.line -= 1
            self.column = (self._rows(self.lines[self.line]) - 1) * self.width

    def _rows(self, line: str) -> int:
        return max(1, -(-len(line) // self.width))

    def resize(self, width: int) -> None:
        if self.cuts:
            self.lines = [line[:width] for line in self.lines]
        self.width = width
        # a cursor behind the last column is still in the last row
        self.column = min(self.column, max(0, self._rows(self.lines[self.line]) * width - 1))

    @property
    def shown(self) -> list[str]:
        return [line.rstrip() for line in self.lines]


@pytest.mark.parametrize("widths", [(80, 40), (80, 33, 61), (60, 100), (100, 99), (80, 20, 80, 30), (80,)], ids=str)
@pytest.mark.parametrize("cuts", [False, True], ids=["wraps", "cuts"])
def test_what_is_above_stays_and_each_line_is_there_once(
    widths: tuple[int, ...], cuts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STY", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("XTERM_VERSION", raising=False)
    if cuts:
        monkeypatch.setenv("XTERM_VERSION", "XTerm(390)")
    log = half_run()
    screen = Screen(widths[0], cuts=cuts)
    console = Console(file=screen, force_terminal=True, width=widths[0], height=24, color_system=None)
    screen.write("$ python script.py\n")
    moment = iter(range(1000))
    view = LiveView("local", console=console, clock=lambda: next(moment) * 1000.0)
    with view:
        for width in widths:
            screen.resize(width)
            console.width = width
            view([], log.history, 12.0)
            shown = screen.shown
            assert shown[0] == "$ python script.py"
            assert [line[:7] for line in shown if line].count("fashion") == 1, shown
            assert len([line for line in shown if line.startswith("\u2501")]) == 1, shown
        screen.resize(25)
        console.width = 25
    shown = screen.shown
    assert shown[0] == "$ python script.py"
    assert sum(line.startswith("fashion") for line in shown) == 1, shown
    assert not any("trial  worker" in line for line in shown), shown
