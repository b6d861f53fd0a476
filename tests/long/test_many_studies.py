"""Many studies in one process, one after another: nothing of them stays."""

from __future__ import annotations

import gc
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

import trimma as tm

WARM_UP = 5
MOST_GROWTH = 8 * 2**20
"""Bytes by which memory may grow from the fifth study to the last: what the allocator makes of it."""


def objective(x: float, report: Any) -> float:
    report(loss=x)
    return x


def held() -> dict[str, int]:
    """What this process holds: descriptors, threads, its own files in the folder for temporary files, and children."""
    gc.collect()
    task = Path("/proc/self/task")
    children = [child for each in task.iterdir() for child in (each / "children").read_text().split()]
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "temporary": len(list(Path(tempfile.gettempdir()).iterdir())),
        "children": len(children),
    }


def memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a process holds is read on Linux")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kind", "studies"),
    [
        ("local", 15),
        ("driver", 60),
        pytest.param("local", 200, marks=pytest.mark.slow),
        pytest.param("driver", 1000, marks=pytest.mark.slow),
    ],
)
def test_studies_one_after_another(kind: str, studies: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    before: dict[str, int] = {}
    size = 0
    for number in range(studies):
        engine = tm.Driver(threads=2) if kind == "driver" else tm.Local(workers=1)
        study = tm.tune(
            objective,
            tm.Space(x=tm.Float(0.0, 1.0)),
            minimize="loss",
            trials=2,
            engine=engine,
            name=f"study {number}",
            store=tmp_path / "s.db",
            progress=False,
        )
        assert study.status == "finished"
        del study, engine
        if number == WARM_UP:
            before, size = held(), memory()
    # fewer may be left, where earlier tests had left something behind
    assert all(now <= before[what] for what, now in held().items())
    assert memory() - size < MOST_GROWTH
