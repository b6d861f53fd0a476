"""A signal that stops a study ends it with a message that says how to go on, and without a traceback."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import trimma as tm
from terminal import Terminal
from trimma.api.interruption import interruption
from trimma.api.stop_signals import StopSignals
from trimma.testing.engines import is_running, wait_until

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
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('begun', 'w').write('x'); time.sleep(600)"
)
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


# what a study in a script does, which hangs in its first trial
TOLD = """
import os, time
try:
    open("begun", "w").write(str(os.getpid()))
    time.sleep(600)
finally:
    open("cleaned", "w").close()
"""


@contextlib.contextmanager
def hanging(
    folder: Path, body: str = TOLD, before: str = "", command: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    """A study in a process without a terminal, whose first trial hangs."""
    indented = body.strip().replace("\n", "\n    ")
    (folder / "script.py").write_text(before + SCRIPT.format(body=indented, progress=False))
    study = subprocess.Popen(
        [*(command or (sys.executable,)), "script.py"],
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TRIMMA_STORE": "studies.db"},
        start_new_session=True,
    )
    try:
        wait_until(lambda: (folder / "begun").exists() and (folder / "begun").read_text() != "")
        yield study
    finally:
        study.kill()
        study.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_stop_it_like_ctrl_c(tmp_path: Path, number: signal.Signals) -> None:
    with hanging(tmp_path) as study:
        runner = int((tmp_path / "begun").read_text())
        study.send_signal(number)
        _, said = study.communicate(timeout=30)
    assert study.returncode == 128 + number, "as a shell expects it"
    assert f"{number.name}: stopping the workers; everything is kept (SIGTERM again: at once)" in said
    assert last_line(said).startswith(f"study 'mine' was interrupted by {number.name}; {HOW}")
    assert "Traceback" not in said
    assert (tmp_path / "cleaned").exists(), "the objective's finally block ran"
    assert not is_running(runner)
    stored = tm.load("mine", tmp_path / "studies.db")
    assert (stored.status, stored.history.closed.reason) == ("interrupted", number.name)  # type: ignore[union-attr]


def test_a_terminal_that_is_closed_ends_its_study_in_good_order(tmp_path: Path) -> None:
    with begin(tmp_path, HANGS, True) as terminal:
        terminal.read_until_there("begun")
        terminal.hang_up()
        wait_until(lambda: not is_running(terminal.process.pid))
    stored = tm.load("mine", tmp_path / "studies.db")
    assert (stored.status, stored.history.closed.reason) == ("interrupted", "SIGHUP")  # type: ignore[union-attr]


def test_sigterm_twice_ends_it_at_once(tmp_path: Path) -> None:
    with hanging(tmp_path, STUBBORN) as study:
        study.send_signal(signal.SIGTERM)
        assert study.stderr is not None
        while "at once" not in study.stderr.readline():
            assert study.poll() is None
        wait_until(lambda: tm.load("mine", tmp_path / "studies.db").status == "interrupted")
        began = time.monotonic()
        study.send_signal(signal.SIGTERM)
        _, said = study.communicate(timeout=30)
        assert time.monotonic() < began + 2.5, "it didn't wait for the grace that a stop gives"
    assert study.returncode == 143
    assert last_line(said).startswith(f"study 'mine' was ended at once; {HOW}")
    assert "Traceback" not in said


def test_a_session_that_ends_sends_several_and_is_no_second_ctrl_c(tmp_path: Path) -> None:
    with hanging(tmp_path) as study:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
            study.send_signal(number)
        _, said = study.communicate(timeout=30)
    assert "at once; to go on" not in said
    assert (tmp_path / "cleaned").exists()
    assert tm.load("mine", tmp_path / "studies.db").status == "interrupted"


def test_sighup_stays_ignored_under_nohup(tmp_path: Path) -> None:
    with hanging(tmp_path, command=("nohup", sys.executable)) as study:
        study.send_signal(signal.SIGHUP)
        study.send_signal(signal.SIGTERM)
        _, said = study.communicate(timeout=30)
    assert "interrupted by SIGTERM" in said
    assert study.returncode == 143


def test_a_handler_of_the_user_s_own_is_respected(tmp_path: Path) -> None:
    own = "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: os._exit(7))\n"
    with hanging(tmp_path, before=own) as study:
        study.send_signal(signal.SIGTERM)
        study.communicate(timeout=30)
    assert study.returncode == 7


def test_a_notebook_s_kernel_ends_after_its_study(tmp_path: Path) -> None:
    """IPython goes on after SystemExit, although somebody wants to end it."""
    pytest.importorskip("IPython")
    with hanging(tmp_path, command=(sys.executable, "-m", "IPython", "--quick", "--no-banner", "-i")) as study:
        study.send_signal(signal.SIGTERM)
        study.communicate(timeout=30)
    assert study.returncode == -signal.SIGTERM
    assert tm.load("mine", tmp_path / "studies.db").status == "interrupted"


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


def test_handlers_are_given_back() -> None:
    before = handlers()
    with StopSignals():
        assert all(handler not in before for handler in handlers())
        with StopSignals() as within:
            assert within() is None
    assert handlers() == before


FORKING = """
import os, signal
from trimma.api.stop_signals import StopSignals

with StopSignals() as signalled:
    ready, tell = os.pipe()
    child = os.fork()
    if not child:
        os.write(tell, b"x")
        signal.pause()
        os._exit(0)
    os.read(ready, 1)
    os.kill(child, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
    assert signalled() is None
"""


def test_a_forked_child_ends_when_it_is_told_to() -> None:
    subprocess.run([sys.executable, "-c", FORKING], check=True, timeout=30)


def test_interrupts_that_are_caught_leave_no_hook() -> None:
    before = sys.excepthook

    def caught() -> None:
        with pytest.raises(KeyboardInterrupt):
            raise interruption("how to go on", signal.SIGINT)

    for _ in range(3):
        caught()
    assert sys.excepthook is before


def test_interrupts_leave_no_hook_in_whatever_order_they_go(monkeypatch: pytest.MonkeyPatch) -> None:
    before = lambda kind, error, trace: None  # noqa: E731
    monkeypatch.setattr(sys, "excepthook", before)
    first, second = (interruption(text, signal.SIGINT) for text in ("first", "second"))
    del first
    del second
    assert sys.excepthook is before


def test_who_catches_it_has_an_interrupt_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[BaseException] = []
    before = lambda kind, error, trace: seen.append(error)  # noqa: E731
    monkeypatch.setattr(sys, "excepthook", before)
    interrupt = interruption("how to go on", signal.SIGINT)
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
    interrupt = interruption("how to go on", signal.SIGINT)
    sys.excepthook(KeyboardInterrupt, interrupt, None)
    assert capsys.readouterr().err == "how to go on\n"
    assert sys.excepthook is before


def test_a_notebook_shows_the_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    ipython = pytest.importorskip("IPython.core.interactiveshell")
    shell = ipython.InteractiveShell.instance()
    shown: list[list[str]] = []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: shown.append(lines))
    interrupt = interruption("how to go on", signal.SIGINT)
    shell.showtraceback((KeyboardInterrupt, interrupt, None))
    assert shown == [["how to go on"]]
