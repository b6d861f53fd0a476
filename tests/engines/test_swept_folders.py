"""A driver that is killed, and folders for temporary files that are swept while a study runs."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.testing.engines import is_running, wait_until

# a study whose trial hangs; in memory, so that the folders of its trials are temporary, too
STUDY = """
import os, pathlib, time
import trimma as tm

def fit(x, data, trial):
    (trial.folder / "model").write_bytes(bytes(1000))
    pathlib.Path("begun").write_text(str(os.getpid()))
    time.sleep(600)

tm.tune(fit, {"x": tm.Float(0, 1)}, minimize="x", trials=1, workers=1, data=bytes(1_000_000), store="memory",
        progress=False)
"""
SPACE = {"x": tm.Grid(1.0, 2.0, 3.0)}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of this process and of those that it starts."""
    found = tmp_path / "tmp"
    found.mkdir()
    monkeypatch.setenv("TMPDIR", str(found))
    monkeypatch.setattr(tempfile, "tempdir", str(found))
    return found


def kinds(place: Path) -> list[str]:
    return sorted(path.name.split("-")[1] for path in place.glob("trimma-*"))


def hanging(folder: Path) -> "subprocess.Popen[bytes]":
    study = subprocess.Popen([sys.executable, "-c", STUDY], cwd=folder)
    wait_until(lambda: (folder / "begun").exists() and (folder / "begun").read_text())
    return study


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_driver_that_is_ended_leaves_nothing_for_longer_than_to_the_next_start(
    tmp_path: Path, place: Path, number: signal.Signals
) -> None:
    with hanging(tmp_path) as study:
        assert kinds(place) == ["program", "trials"]
        study.send_signal(number)
        study.wait()
    runner = int((tmp_path / "begun").read_text())
    wait_until(lambda: not is_running(runner))
    assert kinds(place) == (["program", "trials"] if number is signal.SIGKILL else [])
    tm.tune(
        lambda x, trial: x + 0 * len(str(trial.folder)),
        SPACE,
        minimize="x",
        engine=tm.Local(1),
        store="memory",
        progress=False,
    )
    assert [kind for kind in kinds(place) if kind == "program"] == []
    assert all(not list(path.rglob("model")) for path in place.iterdir())


def test_a_study_beside_which_others_start_loses_nothing(tmp_path: Path, place: Path) -> None:
    with hanging(tmp_path) as study:
        before = set(place.iterdir())
        tm.tune(lambda x: x, SPACE, minimize="x", engine=tm.Local(1), store="memory", progress=False)
        assert set(place.iterdir()) == before
        study.kill()


def test_a_study_whose_temporary_folder_is_swept_goes_on_with_new_runners(place: Path) -> None:
    swept = str(place)

    def fit(x: float, trial: Any) -> float:
        if trial.attempt == 1:
            shutil.rmtree(swept)
            Path(swept).mkdir()
            os._exit(3)
        return x

    study = tm.tune(fit, SPACE, minimize="x", engine=tm.Local(1), store="memory", progress=False)
    assert [(trial.attempt, trial.value) for trial in study.trials] == [(2, 1.0), (2, 2.0), (2, 3.0)]
