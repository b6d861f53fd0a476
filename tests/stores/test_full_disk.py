"""A study on a disk that is really full."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import trimma as tm
from trimma.errors import StoreFull
from trimma.stores import SQLiteStore
from trimma.testing.stores import reports
from trimma.trial import State

SCRIPT = """
import sys
import trimma as tm

def fit(x, report):
    for step in range(200):
        report(loss=x, text=float(step))

if __name__ == "__main__":
    study = tm.tune(
        fit, tm.Space(x=tm.Float(0, 1)), minimize="loss", trials=40, seed=1, workers=2, store=sys.argv[1], name="s",
        progress=False,
    )
    print(repr(study), flush=True)
"""
ROOM = 400_000


class SmallDisk:
    """A disk with little room: one in memory for root, and otherwise a limit on the size of the study's files."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder

    def __enter__(self) -> "SmallDisk":
        if self.kind == "tmpfs":
            mounted = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(self.folder)],
                capture_output=True,
                check=False,
            )
            if mounted.returncode:
                pytest.skip("only root may mount a small disk")
        return self

    def __exit__(self, *error: object) -> None:
        if self.kind == "tmpfs":
            subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def limit(self) -> None:
        """Called in the process that runs the study."""
        if self.kind == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))

    def make_room(self, process: int) -> None:
        if self.kind == "limit":
            resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        else:
            subprocess.run(["mount", "-o", "remount,size=100m", str(self.folder)], check=True)


@pytest.fixture(params=["limit", "tmpfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with SmallDisk(request.param, folder) as disk:
        yield disk


@pytest.fixture
def driver(disk: SmallDisk, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs a study, and has said that it waits for room."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(disk.folder / "studies.db")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=disk.limit,
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert re.match(r"study 's' waits, for the store .*studies\.db has no room for more \(.*\): make room", said), (
            said + process.communicate(timeout=20)[1]
        )
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_a_study_on_a_full_disk_waits_and_goes_on_when_there_is_room(
    disk: SmallDisk, driver: subprocess.Popen[str]
) -> None:
    before = tm.load("s", disk.folder / "studies.db")
    assert before.status == "running"
    disk.make_room(driver.pid)
    said, complained = driver.communicate(timeout=50)
    assert re.fullmatch(r"study 's' goes on after \d+ s: there is room again\n", complained)
    assert "finished: 40 done" in said
    study = tm.load("s", disk.folder / "studies.db")
    assert [len(trial.curve) for trial in study.trials] == [200] * 40
    assert [trial.attempt for trial in study.trials] == [1] * 40


def test_ctrl_c_ends_a_study_that_waits_and_it_goes_on_later(disk: SmallDisk, driver: subprocess.Popen[str]) -> None:
    driver.send_signal(signal.SIGINT)
    complained = driver.communicate(timeout=50)[1]
    last = complained.rstrip().splitlines()[-1]
    assert last.startswith(
        "study 's' was interrupted without room for more in its store; what was stored before is kept."
    )
    assert "Traceback" not in complained
    assert "To go on when there is room: tm.load('s'" in complained
    disk.make_room(os.getpid())
    study = tm.load("s", disk.folder / "studies.db")
    assert study.status == "lost"
    ended = {trial.id for trial in study.trials if trial.state is State.DONE}
    study.resume(workers=2, progress=False)
    assert repr(study).startswith("<Study 's' finished: 40 done")
    assert all(study.trials[trial].attempt == 1 for trial in ended)


def test_what_a_full_disk_refuses_is_told_as_such(disk: SmallDisk) -> None:
    """Whatever is asked of a store for which there is no room, it stays as it was."""
    path = disk.folder / "studies.db"
    store = SQLiteStore(path)
    store.append("a", reports(2000), expected=0)
    if disk.kind == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, resource.RLIM_INFINITY))
    else:
        filler = disk.folder / "filler"
        with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as file:  # noqa: PT012
            while file.write(bytes(4096)):
                pass
    try:
        with pytest.raises(StoreFull, match=r"studies\.db has no room for more .*: make room"):  # noqa: PT012
            for number in range(2000, 200_000, 1000):
                store.append("a", reports(1000, number), expected=number)
        held = len(list(store.read("a")))
        assert held % 1000 == 0
        if disk.kind == "tmpfs":
            with pytest.raises(StoreFull, match=r"can't be written .*make room"), store.claim("a"):
                pass
    finally:
        if disk.kind == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    disk.make_room(os.getpid())
    assert list(store.read("a")) == reports(held)
    with store.claim("a"):
        store.append("a", reports(1, held), expected=held)
    assert len(list(store.read("a"))) == held + 1
    store.close()
    shutil.rmtree(disk.folder / "studies.db-locks")
