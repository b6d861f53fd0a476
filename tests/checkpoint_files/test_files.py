"""The files of checkpoints, in a folder and behind an address: all or nothing, and checked when read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from trimma.checkpoint import CheckpointPlace
from trimma.checkpoint_files import Damaged, Files, files_at, shared_files
from trimma.checkpoint_files.seal import SEAL
from trimma.errors import UsageError


@pytest.fixture(params=["folder", "address of a folder", "address in memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "place")
    return f"file://{tmp_path}/place" if request.param == "address of a folder" else f"memory://{uuid4()}/place"


@pytest.fixture
def files(root: str) -> Files:
    return files_at(root)


def model(folder: Path) -> None:
    (folder / "weights").mkdir()
    (folder / "weights" / "layer 1.bin").write_bytes(bytes(range(256)) * 9000)
    (folder / "epoch").write_text("7", encoding="utf-8")
    (folder / "empty").touch()


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != SEAL)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_what_is_saved_is_what_is_fetched(files: Files, tmp_path: Path) -> None:
    assert files.save("3/step-9-attempt-1", model) == 256 * 9000 + 1
    (tmp_path / "here").mkdir()
    model(tmp_path / "here")
    with files.fetched("3/step-9-attempt-1") as folder:
        assert contents(folder) == contents(tmp_path / "here")


def test_a_save_that_raises_leaves_nothing(files: Files) -> None:
    def fails(folder: Path) -> None:
        model(folder)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        files.save("0/step-1-attempt-1", fails)
    assert list(files.names()) == []
    with pytest.raises(Damaged), files.fetched("0/step-1-attempt-1"):
        pass


def test_checkpoints_are_listed_and_removed(files: Files) -> None:
    assert list(files.names()) == []
    files.write_mark("study")
    for name in ("0/step-1-attempt-1", "0/step-3-attempt-1", "11/step-1-attempt-2"):
        files.save(name, model)
    assert list(files.names()) == ["0/step-1-attempt-1", "0/step-3-attempt-1", "11/step-1-attempt-2"]
    files.remove("0/step-1-attempt-1")
    files.remove("5/step-1-attempt-1")
    assert list(files.names()) == ["0/step-3-attempt-1", "11/step-1-attempt-2"]
    assert files.read_mark() == "study"
    files.clear()
    assert list(files.names()) == []
    assert files.read_mark() == ""
    files.clear()


OUTSIDE = '{"files": [{"name": "../../x", "size": 1, "crc": 1}]}'


def changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("prefix", ["", "file://"])
@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda folder: changed(folder / "weights" / "layer 1.bin"), "its file weights/layer 1.bin has other contents"),
        (lambda folder: (folder / "epoch").write_text(""), "its file epoch has other contents"),
        (lambda folder: (folder / "epoch").unlink(), "missing"),
        (lambda folder: (folder / SEAL).write_bytes(b"{"), "its list of files can't be read"),
        (lambda folder: (folder / SEAL).write_text(OUTSIDE), "names a file outside of itself"),
        (lambda folder: (folder / SEAL).unlink(), "can't be read|missing"),
        (shutil.rmtree, "can't be read|missing"),
    ],
)
def test_what_was_damaged_is_noticed(tmp_path: Path, prefix: str, damage: Callable[[Path], Any], why: str) -> None:
    files = files_at(f"{prefix}{tmp_path}")
    files.save("0/step-1-attempt-1", model)
    damage(tmp_path / "0" / "step-1-attempt-1")
    with pytest.raises(Damaged, match=why), files.fetched("0/step-1-attempt-1"):
        pass


def test_a_machine_that_doesn_t_share_the_place_says_so(root: str) -> None:
    files_at(root).write_mark("of this study")
    assert shared_files(CheckpointPlace(root=root, owner="of this study"))
    with pytest.raises(UsageError, match=r"doesn't see .* name a place that all machines share, with checkpoints="):
        shared_files(CheckpointPlace(root=root, owner="of another study"))


def test_an_address_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="checkpoints='nonsense://x'"):
        files_at("nonsense://x")
