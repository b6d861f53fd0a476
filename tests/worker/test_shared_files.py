"""Files that processes share, where somebody has removed a lock: nobody removes what another one uses."""

from pathlib import Path

import pytest

from trimma.worker.shared_files import VARIABLE, SharedCopy, own_folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return own_folder("shared")


def used(folder: Path, name: str) -> SharedCopy:
    copy = SharedCopy(folder, name)
    copy.use(copy.path.touch)
    return copy


def test_who_holds_a_lock_that_was_removed_leaves_the_copy_to_those_with_a_newer_one(folder):
    one = used(folder, "some")
    (folder / "some.lock").unlink()
    other = used(folder, "some")
    one.leave()
    assert other.path.exists()
    other.leave()
    assert list(folder.iterdir()) == []


def test_a_copy_whose_lock_was_removed_is_collected_by_the_next_to_come(folder):
    one = used(folder, "some")
    (folder / "some.lock").unlink()
    one.leave()
    assert one.path.exists()
    used(folder, "other").leave()
    assert list(folder.iterdir()) == []
