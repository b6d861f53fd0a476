"""The demo, as it is started by hand: another process, real workers, an empty folder."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import trimma as tm


@pytest.mark.timeout(180)
def test_the_demo_from_start_to_end(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRIMMA_STORE"}

    def trimma(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "trimma", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    done = trimma("demo", "--trials", "6", "--workers", "2")
    assert "demo finished after " in done.stdout
    assert ": all 6 trials were run\n" in done.stdout
    assert "Best accuracy 0." in done.stdout
    trimma_ = f"{sys.executable} -m trimma"
    assert done.stdout.endswith(f"    {trimma_} show demo\n    {trimma_} plot demo curves curves.html\n")
    assert done.stderr.startswith("trimma: study demo, maximize accuracy, 6 trials, engine Local(workers=2, cpus=1)\n")

    trimma("plot", "demo", "curves", "curves.html")
    assert (tmp_path / "curves.html").stat().st_size > 1000
    assert (tmp_path / ".trimma" / ".gitignore").read_text() == "*\n", "the store stays out of git"
    study = tm.load("demo", tmp_path / ".trimma" / "studies.db")
    assert len(study.trials) == 6
    assert study.best.value is not None
    assert study.best.value > 0.5


@pytest.mark.timeout(180)
def test_the_demo_on_a_terminal_says_everything_once(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"TRIMMA_STORE": "s.db", "COLUMNS": "100", "LINES": "40", "TERM": "xterm"}
    command = [sys.executable, "-m", "trimma", "demo", "--trials", "2", "--workers", "1"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=theirs, stderr=theirs) as demo:
        os.close(theirs)
        said = _all_of(ours)
    assert demo.returncode == 0
    left = re.sub(r"\x1b\[[\d;]*m", "", said.split("\x1b[2K")[-1])
    assert "best" in said, "it was shown live"
    assert re.findall(r"(?i)best", left) == ["Best"]
    assert left.count("2 done") == left.count("busy") == left.count("finished") == 1


def _all_of(terminal: int) -> str:
    """What is written to a terminal until nobody has it open any more, which reading it tells as an error."""
    parts = []
    try:
        while part := os.read(terminal, 4096):
            parts.append(part)
    except OSError:
        return b"".join(parts).decode()
    finally:
        os.close(terminal)
    return b"".join(parts).decode()
