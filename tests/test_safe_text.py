"""Text from studies does nothing to a terminal, wherever it is shown."""

import errno
import io
import os
import pty
import re
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trimma as tm
from trimma.display.terminal.line_view import LineView
from trimma.display.terminal.live_view import LiveView
from trimma.display.terminal.safe_console import SafeConsole
from trimma.errors import StoreError, StudyFailed, UnknownName
from trimma.events import (
    Event,
    Failure,
    Logged,
    Outcome,
    Reported,
    StudyClosed,
    StudyCreated,
    StudyOpened,
    TrialFailed,
    TrialFinished,
    TrialQueued,
    TrialStarted,
    WorkerJoined,
)
from trimma.ledger import Ledger
from trimma.safe_text import safe
from trimma.spec import Metric, StudySpec

ESCAPES = "\x1b]0;TITLE\x07\x1b[31mRED\x1b[2J\x1b[H\x1b]52;c;Y3VybA==\x07\x9b31m\u202e\x08\x7f"


def harmful(text: str) -> list[str]:
    """The control characters in a text but for newlines, and rich's own colours and movements."""
    own = re.compile(r"\x1b\[[0-9;?]*[mhlKA]")
    left = own.sub("", text.replace("\r\n", "\n"))
    return [sign for sign in left if unicodedata.category(sign) in ("Cc", "Cf", "Cs") and sign not in "\n\r\t"]


@given(st.text(st.characters() | st.sampled_from("\x1b\x9b[]0;mJ\r\n\t\x07\u202e")))
def test_what_is_safe_has_no_control_characters(text: str) -> None:
    found = safe(text)
    assert all(unicodedata.category(sign) not in ("Cc", "Cs") or sign in "\n\t" for sign in found)
    assert not set(found) & set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert safe(found) == found
    found.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größe 名 🚀\tand\nmore", "größe 名 🚀\tand\nmore"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x1b\x1b[31m[2J", "\\x1b[2J"),
        ("one\r\ntwo\rthree", "one\ntwo\\x0dthree"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_characters_are_written_out(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize("error", [StoreError(ESCAPES), StudyFailed(ESCAPES), UnknownName("study", "s", [ESCAPES])])
def test_errors_are_safe(error: Exception) -> None:
    assert not harmful(str(error))
    assert "TITLE" in str(error)


def test_every_console_is_a_safe_one() -> None:
    source = Path(tm.__file__).parent
    made = [path.name for path in source.rglob("*.py") if re.search(r"(?<!Safe)\bConsole\(", path.read_text())]
    assert made == []


HOSTILE = {
    "name": {"name": f"evil{ESCAPES}"},
    "metric": {"metric": f"loss{ESCAPES}"},
    "hyperparameter": {"parameter": f"x{ESCAPES}"},
    "option": {"options": [f"a{ESCAPES}", f"b{ESCAPES}"]},
    "log": {"text": f"line {ESCAPES}\n"},
    "failure": {"failure": Failure(kind=f"E{ESCAPES}", message=f"m{ESCAPES}\n{ESCAPES}", traceback=f"T{ESCAPES}\nx")},
    "worker": {"worker": f"w{ESCAPES}"},
    "reason": {"reason": f"done{ESCAPES}"},
    "objective": {"objective": f"f{ESCAPES}"},
    "another metric": {"more": f"acc{ESCAPES}"},
}


def hostile(
    *,
    name: str = "s",
    metric: str = "loss",
    parameter: str = "x",
    options: list[str] | None = None,
    text: str = "",
    failure: Failure | None = None,
    worker: str = "w",
    reason: str = "done",
    objective: str = "f",
    more: str = "",
) -> list[Event]:
    dimension = {"kind": "float", "low": 0.0, "high": 1.0, "log": False, "step": None}
    if options:
        dimension = {"kind": "choice", "options": options, "ordered": False}
    spec = StudySpec(
        name=name,
        metrics=(Metric(name=metric, maximize=False),),
        seed=1,
        objective=objective,
        space=[{parameter: dimension}],
    )
    events: list[Event] = [StudyCreated(at=0.0, spec=spec), StudyOpened(at=0.0), WorkerJoined(at=0.0, worker=worker)]
    for trial in range(6):
        key = {"at": trial + 1.0, "trial": trial}
        metrics = {metric: 1.0 / (trial + 1)} | ({more: 1.0} if more else {})
        config = {parameter: options[trial % 2] if options else trial / 6}
        events += [
            TrialQueued(**key, config=config),
            TrialStarted(**key, attempt=1, workers=(worker,)),
            Logged(**key, attempt=1, text=text),
            Reported(**key, attempt=1, step=1, metrics=metrics),
            TrialFailed(**key, attempt=1, failure=failure)
            if failure and trial % 2
            else TrialFinished(**key, attempt=1, metrics=metrics),
        ]
    return [*events, StudyClosed(at=9.0, outcome=Outcome.FINISHED, reason=reason)]


SCRIPT = """
import sys
from trimma.cli.main import main

for words in eval(sys.argv[1]):
    try:
        main([*words, "--store", sys.argv[2]], standalone_mode=False)
    except SystemExit:
        pass
"""


def in_a_terminal(script: str, *arguments: str) -> str:
    """What a script writes to a terminal."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160"}
    command = [sys.executable, "-c", script, *arguments]
    written = b""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower, env=environment
    ) as process:
        os.close(follower)
        try:
            while read := os.read(leader, 65_536):
                written += read
        except OSError as error:
            assert error.errno == errno.EIO, "which is how Linux says that the other end is closed"  # noqa: PT017
    os.close(leader)
    assert process.returncode == 0, written.decode()
    return written.decode()


@pytest.mark.parametrize("where", HOSTILE)
def test_no_command_passes_control_sequences_to_the_terminal(where: str, tmp_path: Path) -> None:
    events = hostile(**HOSTILE[where])  # type: ignore[arg-type]
    assert isinstance(events[0], StudyCreated)
    name, path = events[0].spec.name, tmp_path / "studies.db"
    store = tm.SQLiteStore(path)
    store.append(name, events, 0)
    words = [
        ["ls"],
        ["show", name],
        ["show", name, "--trial", "1"],
        ["export", name, "-"],
        ["export", name, "-", "--format", "json"],
        ["show", f"{name}x"],
        ["resume", name],
        ["stop", name],
        ["plot", name, "curves", str(tmp_path / "x.html")],
        ["report", name, str(tmp_path / "x.html")],
        ["rm", name, "--yes"],
    ]
    text = in_a_terminal(SCRIPT, repr(words), str(path))
    assert "Traceback (most recent call last)" not in text
    assert "removed" in text
    assert not harmful(text)
    store.close()


@pytest.mark.parametrize("where", HOSTILE)
def test_studies_are_printed_safely(where: str) -> None:
    events = hostile(**HOSTILE[where])  # type: ignore[arg-type]
    assert isinstance(events[0], StudyCreated)
    store = tm.MemoryStore()
    store.append(events[0].spec.name, events, 0)
    study = tm.load(events[0].spec.name, store)
    assert not harmful(f"{study}{study!r}{study.trials!r}")


@pytest.mark.parametrize("where", HOSTILE)
def test_views_show_running_studies_safely(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    lines, drawn = io.StringIO(), io.StringIO()
    console = SafeConsole(file=drawn, force_terminal=True, width=120, height=40)
    ledger = Ledger()
    with LineView(stream=lines) as line_view, LiveView(console=console, clock=iter(range(10**6)).__next__) as live:
        for event in hostile(**HOSTILE[where]):  # type: ignore[arg-type]
            ledger.fold(event)
            for view in (line_view, live):
                view([event], ledger.history, event.at)
    assert len(lines.getvalue()) > 50
    assert len(drawn.getvalue()) > 500
    assert not harmful(lines.getvalue() + drawn.getvalue())


def test_warnings_of_observers_are_safe() -> None:
    def observer(events, history, now):
        raise ValueError(ESCAPES)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        tm.tune(
            lambda x: x,
            {"x": tm.Float(0, 1)},
            minimize="loss",
            trials=2,
            engine=tm.Simulated(1),
            store="memory",
            progress=False,
            observers=[observer],
        )
    (warning,) = told
    assert "TITLE" in str(warning.message)
    assert not harmful(str(warning.message))
