"""Ctrl-C in a terminal ends with a message that says how to go on, and shows no traceback."""

import signal
import sys
from pathlib import Path

import pytest

from terminal import Terminal
from trimma.api.ctrl_c import interruption

SCRIPT = """
import time
import trimma as tm

def fit(x):
    {body}
    return x

tm.tune(fit, dict(x=tm.Float(0, 1)), minimize="loss", trials=3, workers=1, name="mine", progress={progress})
print("not reached")
"""
HANGS = "open('begun', 'w').close(); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('begun', 'w').close(); time.sleep(600)"
HOW = "to go on: tm.load('mine').resume(), or: "


def begin(folder: Path, body: str, progress: bool) -> Terminal:
    (folder / "script.py").write_text(SCRIPT.format(body=body, progress=progress))
    # with buffered streams, as they are by default
    settings = {"TRIMMA_STORE": "studies.db", "PYTHONUNBUFFERED": ""}
    return Terminal([sys.executable, "script.py"], folder, settings, columns=200)


def last_line(shown: str) -> str:
    return shown.rstrip().splitlines()[-1]


@pytest.mark.parametrize("progress", [True, False])
def test_once(tmp_path: Path, progress: bool) -> None:
    with begin(tmp_path, HANGS, progress) as terminal:
        terminal.read_until_there("begun")
        terminal.press(b"\x03")
        status = terminal.read_to_end()
    assert "stopping the workers; everything is kept" in terminal.shown
    assert last_line(terminal.shown).startswith(f"study 'mine' was interrupted; {HOW}")
    assert "Traceback" not in terminal.shown
    assert "KeyboardInterrupt" not in terminal.shown
    assert status == -signal.SIGINT, "a shell makes 130 of it"
    assert "not reached" not in terminal.shown


def test_twice(tmp_path: Path) -> None:
    with begin(tmp_path, STUBBORN, False) as terminal:
        terminal.read_until_there("begun")
        terminal.press(b"\x03")
        terminal.read_until("ctrl-C again: at once")
        terminal.press(b"\x03")
        status = terminal.read_to_end()
    assert last_line(terminal.shown).startswith(f"study 'mine' was ended at once; {HOW}")
    assert "Traceback" not in terminal.shown
    assert status == -signal.SIGINT


def test_the_command_line(tmp_path: Path) -> None:
    with begin(tmp_path, HANGS, False) as terminal:
        terminal.read_until_there("begun")
        terminal.press(b"\x03")
        terminal.read_to_end()
    (tmp_path / "begun").unlink()
    command = [sys.executable, "-m", "trimma", "resume", "mine", "--workers", "1"]
    with Terminal(command, tmp_path, {"TRIMMA_STORE": "studies.db"}, columns=200) as terminal:
        terminal.read_until_there("begun")
        terminal.press(b"\x03")
        status = terminal.read_to_end()
    assert last_line(terminal.shown).startswith(f"study 'mine' was interrupted; {HOW}")
    assert f"{sys.executable} -m trimma resume mine" in last_line(terminal.shown)
    assert "Traceback" not in terminal.shown
    assert status == 130


def test_who_catches_it_has_an_interrupt_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[BaseException] = []
    before = lambda kind, error, trace: seen.append(error)  # noqa: E731
    monkeypatch.setattr(sys, "excepthook", before)
    interrupt = interruption("how to go on")
    assert type(interrupt) is KeyboardInterrupt
    assert str(interrupt) == "how to go on"
    another = ValueError("another")
    sys.excepthook(ValueError, another, None)
    assert seen == [another]


def test_it_is_shown_once_and_the_hook_is_given_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.excepthook
    monkeypatch.setattr(sys, "excepthook", before)
    interrupt = interruption("how to go on")
    sys.excepthook(KeyboardInterrupt, interrupt, None)
    assert capsys.readouterr().err == "how to go on\n"
    assert sys.excepthook is before


def test_a_notebook_shows_the_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    ipython = pytest.importorskip("IPython.core.interactiveshell")
    shell = ipython.InteractiveShell.instance()
    shown: list[list[str]] = []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: shown.append(lines))
    interrupt = interruption("how to go on")
    shell.showtraceback((KeyboardInterrupt, interrupt, None))
    assert shown == [["how to go on"]]
