"""What a killed process leaves behind is cleared by the next one, which touches nothing else."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trimma.folders import temporary_folder
from trimma.folders.held_folder import HeldFolder
from trimma.folders.temporary_folder import TemporaryFolder

# makes a folder with something in it, and waits until it is killed or told to go on
LEAVES = """
import sys
from pathlib import Path
from trimma.folders.temporary_folder import TemporaryFolder

folder = TemporaryFolder("some")
(folder.path / "deep" / "er").mkdir(parents=True)
(folder.path / "deep" / "er" / "data").write_bytes(bytes(10_000))
(folder.path / "link").symlink_to(sys.argv[1])
print(folder.path, flush=True)
sys.stdin.readline()
"""

Process = tuple["subprocess.Popen[str]", Path]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    found = tmp_path / "tmp"
    found.mkdir()
    monkeypatch.setenv("TMPDIR", str(found))
    monkeypatch.setattr(tempfile, "tempdir", str(found))
    return found


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis").write_text("years of work")
    return tmp_path / "precious"


@pytest.fixture
def process(precious: Path) -> Iterator[Callable[[], Process]]:
    """Start a process that has a folder."""
    started: list[subprocess.Popen[str]] = []

    def start() -> Process:
        one = subprocess.Popen(
            [sys.executable, "-c", LEAVES, str(precious)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(one)
        assert one.stdout is not None
        return one, Path(one.stdout.readline().strip())

    yield start
    for one in started:
        one.kill()
        one.communicate()


def killed(process: Callable[[], Process]) -> Path:
    one, path = process()
    one.kill()
    one.wait()
    assert path.is_dir()
    return path


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_it_is_this_user_s_alone_and_removed_at_its_end(place: Path) -> None:
    with TemporaryFolder("some") as path:
        assert path.parent == place
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "file").touch()
    assert names(place) == []


def test_it_is_removed_at_the_end_of_its_process(process: Callable[[], Process], place: Path) -> None:
    one, path = process()
    assert path.is_dir()
    one.communicate("\n")
    assert one.returncode == 0
    assert names(place) == []


def test_it_is_removed_with_what_holds_it(place: Path) -> None:
    folder = TemporaryFolder("some")
    assert names(place) == [folder.path.name]
    del folder
    assert names(place) == []


def test_what_a_killed_process_leaves_is_cleared_by_the_next(process: Callable[[], Process], precious: Path) -> None:
    path = killed(process)
    with TemporaryFolder("some") as mine:
        assert mine.is_dir()
        assert not path.exists()
    assert (precious / "thesis").read_text() == "years of work", "a link in it wasn't followed"


def test_what_is_in_use_stays(process: Callable[[], Process]) -> None:
    _, path = process()
    with TemporaryFolder("some") as one, TemporaryFolder("some") as other:
        assert (path / "deep" / "er" / "data").exists()
        assert one.is_dir()
        assert other.is_dir()


def test_a_forked_child_neither_removes_it_nor_lets_it_be_cleared(place: Path) -> None:
    script = """
import os, sys
from trimma.folders.temporary_folder import TemporaryFolder

folder = TemporaryFolder("some")
if not os.fork():
    sys.exit()
os.wait()
assert folder.path.is_dir()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
    assert names(place) == []


def test_what_another_kind_another_user_or_another_machine_has_left_is_not_touched(
    process: Callable[[], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = killed(process)
    with TemporaryFolder("other"):
        assert path.is_dir()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(temporary_folder.platform, "node", lambda: "elsewhere")
        with TemporaryFolder("some"):
            assert path.is_dir()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(temporary_folder.os, "geteuid", lambda: 12345)
        with pytest.raises(PermissionError):
            TemporaryFolder("some")
        assert path.is_dir()


def test_what_has_only_the_name_of_a_leftover_is_not_touched(
    process: Callable[[], Process], place: Path, precious: Path
) -> None:
    """Whoever may write in the folder for temporary files can give any name to what lies there."""
    left = killed(process)
    precious.rename(moved := left.with_name(f"{left.name}1"))
    moved.chmod(0o700)
    left.with_name(f"{left.name}2").symlink_to(moved)
    left.with_name(f"{left.name}3").write_text("a file")
    open_to_others = left.with_name(f"{left.name}4")
    open_to_others.mkdir()
    (open_to_others / ".trimma-temporary").touch()
    open_to_others.chmod(0o755)
    left.with_name(f"{left.name}5").mkdir(mode=0o700)
    TemporaryFolder("some").close()
    assert names(place) == [f"{left.name}{number}" for number in (1, 2, 3, 4)], "an empty folder can be removed"
    assert (moved / "thesis").read_text() == "years of work"


def test_one_that_is_cleared_before_it_is_locked_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made, lock = [], HeldFolder.lock

    def cleared(folder: HeldFolder) -> bool:
        if not made:
            made.append(folder)
            (path,) = Path(tempfile.gettempdir()).iterdir()
            path.rmdir()
        return lock(folder)

    monkeypatch.setattr(HeldFolder, "lock", cleared)
    with TemporaryFolder("some") as path:
        assert path.is_dir()


def test_where_folders_can_not_be_locked_nothing_is_cleared(
    process: Callable[[], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = killed(process)

    def lock(folder: HeldFolder) -> bool:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(HeldFolder, "lock", lock)
    with TemporaryFolder("some") as mine:
        assert mine.is_dir()
        assert path.is_dir()


def test_one_that_was_swept_away_can_be_closed() -> None:
    folder = TemporaryFolder("some")
    for path in (folder.path / ".trimma-temporary", folder.path):
        path.unlink() if path.is_file() else path.rmdir()
    folder.close()
    folder.close()


def test_no_descriptor_stays_open(process: Callable[[], Process]) -> None:
    killed(process)
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    for _ in range(3):
        TemporaryFolder("some").close()
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208
