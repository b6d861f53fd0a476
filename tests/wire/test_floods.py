"""What somebody with a ticket may do to its driver as fast as it can: the study goes on, and memory has a bound."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trimma.engines.remote.engine import Remote
from trimma.events import TrialFinished, WorkerLost
from trimma.search import RandomSearch
from trimma.testing.processes import Processes
from trimma.testing.studies import StudyRun, run_study
from trimma.wire.leases import Timing

TIMING = Timing(heartbeat=0.2, lease=10.0, dial=30.0, orphan=10.0, silence=20.0)
TRIALS, STEPS = 8, 30
MOST_GROWTH = 400 * 2**20
"""Bytes by which the memory of the driver may grow: what may be on its way from a few connections, and no more."""

FURTHER = ("connections", "hellos", "garbage", "deaf", "identities", "silent", "parts", "reports")
FLOOD = Path(__file__).parent / "flood.py"


def objective(report: Any) -> float:
    """Wait a while between reports, so that the study lasts for some seconds."""
    import time

    for step in range(STEPS):
        time.sleep(0.02)
        report(score=float(step))
    return 1.0


class Invaded(Processes):
    """Agents, of which one is a flood of the kind ``attack``. It begins when it is started, and ends with the study."""

    def __init__(self, attack: str, folder: Path) -> None:
        super().__init__()
        self._attack, self._folder = attack, folder
        self.floods: list[subprocess.Popen[bytes]] = []

    def launch(self, slot: int, ticket: bytes, ended: Any) -> None:
        if slot != 1:
            super().launch(slot, ticket, ended)
            return
        tale = self._folder / f"tale-{len(self.floods)}"
        flood = subprocess.Popen([sys.executable, FLOOD, self._attack, tale, "1"], stdin=subprocess.PIPE)
        assert flood.stdin is not None
        flood.stdin.write(ticket)
        flood.stdin.close()
        self.floods.append(flood)

    def close(self) -> None:
        assert all(flood.poll() is None for flood in self.floods), "the floods have lasted to the end"
        for flood in self.floods:
            flood.kill()
            flood.wait()
        super().close()

    @property
    def sent(self) -> int:
        """How often the floods have sent something."""
        return sum(tale.stat().st_size for tale in self._folder.glob("tale-*"))


@contextlib.contextmanager
def bounded_memory() -> Iterator[None]:
    """Fail when the memory of this process has grown by too much at any moment."""
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmHWM")
    yield
    assert memory("VmHWM") - before < MOST_GROWTH


def memory(line: str) -> int:
    lines = dict(each.split(":") for each in Path("/proc/self/status").read_text().splitlines())
    return int(lines[line].split()[0]) * 1024


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.timeout(180)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory and connections are measured on Linux")
@pytest.mark.parametrize(
    "attack",
    [
        "huge",
        "window",
        *(pytest.param(name, marks=pytest.mark.slow) for name in FURTHER),
    ],
)
def test_a_flood_starves_nobody_and_memory_has_a_bound(attack: str, tmp_path: Path) -> None:
    launcher = Invaded(attack, tmp_path)
    before = descriptors()
    with bounded_memory():
        engine = Remote(launcher, 3, timing=TIMING)
        done: StudyRun = run_study(RandomSearch(), objective=objective, engine=engine, trials=TRIALS)
    ended = [event for event in done.events if isinstance(event, TrialFinished)]
    assert sorted(event.trial for event in ended) == list(range(TRIALS))
    assert launcher.sent > 0
    assert descriptors() - before < 20
    honest = {"process-0", "process-2"}
    assert not any(event.worker in honest for event in done.events if isinstance(event, WorkerLost)), "nobody is lost"
