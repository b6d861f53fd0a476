"""What only a store on disk can suffer."""

import itertools
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from trimma.errors import StoreError, StudyBusy
from trimma.requests import ChangeTrials, EndStudy, EndTrial
from trimma.stores import SQLiteStore
from trimma.stores.sqlite_schema import SCHEMA_VERSION
from trimma.testing.stores import reports

WRITER = """
import sys
from trimma.stores import SQLiteStore
from trimma.testing.stores import reports
store = SQLiteStore(sys.argv[1])
number = len(list(store.read("a")))
with store.claim("a"):
    print("claimed", flush=True)
    while True:
        store.append("a", reports(1, number), expected=number)
        number += 1
        if number == int(sys.argv[2]):
            print("done", flush=True)
            sys.stdin.read()
"""

USER = """
import gc, sys, threading
from trimma.stores import SQLiteStore

def used(name):
    store = SQLiteStore(f"{sys.argv[1]}/{name}.db")
    thread = threading.Thread(target=store.studies)
    thread.start()
    thread.join()
    return store

used("dropped")
gc.collect()
kept, closed = used("kept"), used("closed")
closed.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studies.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Another process that claims study "a" and appends to it, without end or up to a number."""
    processes: list[subprocess.Popen[str]] = []

    def start(number: int = -1) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WRITER, str(path), str(number)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert line_of(process.stdout) == "claimed"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=20)


def test_it_closes_what_it_opens(tmp_path: Path) -> None:
    """From Python 3.13 on, a connection that isn't closed is warned of."""
    command = [sys.executable, "-X", "dev", "-c", USER, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""
    assert not list(tmp_path.glob("*-wal")), "the last connection to be closed writes all into the file"


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


def test_a_second_process_is_told_who_writes(path: Path, writer: Callable[..., subprocess.Popen[str]]) -> None:
    process = writer(5)
    assert line_of(process.stdout) == "done"
    store = SQLiteStore(path)
    assert f"process {process.pid} " in (store.studies()["a"] or "")
    with pytest.raises(StudyBusy, match=rf"'a' is being written by process {process.pid} on .*, since 20"):
        store.claim("a").__enter__()
    assert list(store.read("a")) == reports(5)
    store.close()


def test_a_writer_that_is_killed_leaves_no_claim_and_no_half_event(
    path: Path, writer: Callable[..., subprocess.Popen[str]]
) -> None:
    for _ in range(2):
        process = writer()
        store = SQLiteStore(path)
        before = len(list(store.read("a")))
        deadline = time.monotonic() + 20
        while len(list(store.read("a"))) < before + 20:
            assert time.monotonic() < deadline
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
        with store.claim("a"):
            kept = list(store.read("a"))
            assert kept == reports(len(kept))
            store.append("a", reports(1, len(kept)), expected=len(kept))
        assert store.studies() == {"a": None}
        store.close()


def test_many_readers_in_other_processes(path: Path, writer: Callable[..., subprocess.Popen[str]]) -> None:
    process = writer(400)
    store = SQLiteStore(path)
    seen = 0
    deadline = time.monotonic() + 30
    while seen < 400:
        assert time.monotonic() < deadline
        read = list(store.read("a"))
        assert read == reports(len(read))
        assert len(read) >= seen
        seen = len(read)
    assert line_of(process.stdout) == "done"
    store.close()


def test_many_processes_make_the_same_store(path: Path) -> None:
    script = (
        "import sys\nfrom trimma.stores import SQLiteStore\nfrom trimma.events import WorkerJoined\n"
        "sys.stdin.readline()\n"
        "SQLiteStore(sys.argv[1]).append(sys.argv[2], [WorkerJoined(at=0, worker='w')], expected=0)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path), f"study-{number}"], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for number in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=30)[1] for process in processes] == [b""] * len(processes)
    store = SQLiteStore(path)
    assert sorted(store.studies()) == [f"study-{number}" for number in range(6)]
    store.close()


def test_garbage_is_no_store(path: Path) -> None:
    garbage = b"this is not a database, whatever its name says" * 100
    path.write_bytes(garbage)
    with pytest.raises(StoreError, match=r"studies\.db is damaged"):
        SQLiteStore(path)
    assert path.read_bytes() == garbage


def filled(path: Path, count: int = 2000) -> None:
    store = SQLiteStore(path)
    store.append("a", reports(count), expected=0)
    store.close()


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_a_truncated_store_is_an_error_of_ours(path: Path, kept: float) -> None:
    filled(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(int(size * kept))
    with pytest.raises(StoreError, match="is damaged"):
        list(SQLiteStore(path).read("a"))


def test_damaged_pages_are_an_error_of_ours(path: Path) -> None:
    filled(path)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * 16384)
    with pytest.raises(StoreError, match="damaged"):
        list(SQLiteStore(path).read("a"))


def change(path: Path, *statements: str) -> None:
    """Change the file as Trimma never would."""
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


DAMAGES = {
    "another record": ("UPDATE event SET record = x'00ff' WHERE number = 5", "checksum of record 5 doesn't fit"),
    "one digit": (
        """UPDATE event SET record = CAST(replace(record, '"step":5', '"step":4') AS BLOB) WHERE number = 5""",
        "checksum of record 5 doesn't fit",
    ),
    "a text": ("UPDATE event SET record = 'text' WHERE number = 5", "checksum of record 5 doesn't fit"),
    "nothing": ("UPDATE event SET record = x'' WHERE number = 5", "checksum of record 5 doesn't fit"),
    "a gap": ("DELETE FROM event WHERE number = 5", "record 5 is missing"),
    "a lost end": ("DELETE FROM event WHERE number BETWEEN 7 AND 1000", "record 7 is missing"),
    "a lost rest": ("DELETE FROM event WHERE number >= 7", "its end is missing"),
    "another end": ("UPDATE event SET record = '7' WHERE number > 1000", "record 10 is missing"),
    "all lost": ("DELETE FROM event", "its end is missing"),
    "another place": (
        "UPDATE event SET (crc, record) = (SELECT crc, record FROM event WHERE number = 9) WHERE number = 0",
        "checksum of record 0 doesn't fit",
    ),
    "another name": ("UPDATE study SET name = 'b'", "checksum of its name doesn't fit"),
    "no name": ("DELETE FROM study", "its entry is lost"),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_damage_is_told_with_the_study_and_the_record(path: Path, how: str) -> None:
    filled(path, 10)
    statement, told = DAMAGES[how]
    change(path, statement)
    store = SQLiteStore(path)
    (name,) = store.studies()
    with pytest.raises(StoreError, match=rf"study '{name}' can't be read, .*{told}.*studies\.db.*remove the study"):
        list(store.read(name))
    store.delete(name)
    assert list(store.studies()) == []
    store.append("a", reports(2), expected=0)
    assert list(store.read("a")) == reports(2)
    store.close()


def test_damage_to_one_study_leaves_the_others_as_they_are(path: Path) -> None:
    store = SQLiteStore(path)
    for name in ("a", "b", "c"):
        store.append(name, reports(8), expected=0)
    change(path, "DELETE FROM study WHERE name = 'b'", "UPDATE event SET record = x'00' WHERE study = 1 AND number = 3")
    assert list(store.studies()) == ["a", "c", "lost-name-2"]
    assert list(store.read("c")) == reports(8)
    for name in ("a", "lost-name-2"):
        with pytest.raises(StoreError, match=f"study '{name}' can't be read"):
            list(store.read(name))
        store.delete(name)
    assert list(store.studies()) == ["c"]
    store.append("c", reports(1, 8), expected=8)
    assert list(store.read("c")) == reports(9)
    store.close()


def test_nothing_is_added_to_a_study_whose_end_is_lost(path: Path) -> None:
    filled(path, 4)
    change(path, "DELETE FROM event WHERE number > 1")
    store = SQLiteStore(path)
    with pytest.raises(StoreError, match="its end is missing"):
        store.append("a", reports(1, 2), expected=2)
    store.close()


@pytest.mark.parametrize("how", ["a bit", "bytes", "a sector"])
def test_a_flipped_byte_is_never_silent(path: Path, how: str) -> None:
    """Whatever is hit, all is read as it was, or a StoreError is raised."""
    store = SQLiteStore(path)
    written = {"a": reports(150), "b": reports(60)}
    for name, events in written.items():
        store.append(name, events, expected=0)
    store.close()
    whole, rng = path.read_bytes(), random.Random(how)
    told = 0
    for _ in range(60):
        damaged = bytearray(whole)
        at = rng.randrange(len(whole) - 512)
        if how == "a bit":
            damaged[at] ^= 1 << rng.randrange(8)
        elif how == "bytes":
            damaged[at : at + 16] = rng.randbytes(16)
        else:
            at -= at % 512
            damaged[at : at + 512] = bytes(512)
        for file in path.parent.glob("studies.db*"):
            file.unlink()
        path.write_bytes(damaged)
        try:
            store = SQLiteStore(path)
            found = {name: list(store.read(name)) for name in store.studies()}
            store.close()
        except StoreError:
            told += 1
        else:
            assert found == written, f"{how} at {at}"
    assert told > 5


def test_a_newer_schema_says_to_upgrade(path: Path) -> None:
    filled(path, 1)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match=rf"newer Trimma \(schema {SCHEMA_VERSION + 1}.*pip install --upgrade"):
        SQLiteStore(path)


def test_an_older_schema_says_what_to_do(path: Path) -> None:
    filled(path, 1)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(StoreError, match=r"before the first release \(schema 2.*remove the file, or name another"):
        SQLiteStore(path)


ASKER = """
import sys
from trimma.requests import EndTrial
from trimma.stores import SQLiteStore
store = SQLiteStore(sys.argv[1])
sys.stdin.readline()
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 20):
    store.ask("a", EndTrial(trial=number))
"""


def test_other_processes_ask(path: Path) -> None:
    """None of their requests is lost."""
    filled(path, 3)
    processes = [
        subprocess.Popen([sys.executable, "-c", ASKER, str(path), first], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for first in ("0", "100", "200")
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    store = SQLiteStore(path)
    taken: list[int] = []
    with store.claim("a"):
        number = 3
        while any(process.poll() is None for process in processes):
            taken += [request.trial for request in store.take_requests("a") if isinstance(request, EndTrial)]
            store.append("a", reports(1, number), expected=number)
            number += 1
        taken += [request.trial for request in store.take_requests("a") if isinstance(request, EndTrial)]
    assert [process.communicate(timeout=30)[1] for process in processes] == [b""] * 3
    assert [trial for trial in taken if trial < 100] == list(range(20))
    assert sorted(taken) == [*range(20), *range(100, 120), *range(200, 220)]
    store.close()


def test_a_request_that_cannot_be_read_keeps_no_other_from_being_heard(path: Path) -> None:
    filled(path, 1)
    store = SQLiteStore(path)
    store.ask("a", EndStudy())
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE request SET record = x'00ff'")
    connection.close()
    store.ask("a", ChangeTrials(trials=3))
    with pytest.warns(RuntimeWarning, match="a request to study 'a' is ignored: .*damaged record"):
        taken = store.take_requests("a")
    assert list(taken) == [ChangeTrials(trials=3)]
    assert not store.take_requests("a")
    store.close()


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_program_s_database_is_left_alone(path: Path, version: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a store of Trimma's"):
        SQLiteStore(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_folder_that_cannot_be_made(path: Path) -> None:
    path.write_text("a file")
    with pytest.raises(StoreError, match="can't be made"):
        SQLiteStore(path / "studies.db")


def test_a_folder_in_place_of_the_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError, match="is a folder: name a file in it"):
        SQLiteStore(path)


def test_lock_files_that_cannot_be_made(path: Path) -> None:
    store = SQLiteStore(path)
    path.with_name("studies.db-locks").write_text("in the way")
    with pytest.raises(StoreError, match=r"lock file .* can't be made"), store.claim("a"):
        pass
    assert list(store.studies()) == []
    store.close()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_may_read_a_store_that_is_made(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        store = SQLiteStore(path)
        store.append("a", reports(1), expected=0)
        made = {file.name: file.stat().st_mode & 0o777 for file in path.parent.glob("studies.db*") if file.is_file()}
    finally:
        os.umask(before)
    assert made == dict.fromkeys(["studies.db", "studies.db-wal", "studies.db-shm"], 0o600)
    store.close()


@pytest.mark.parametrize("loss", ["removed", "replaced"])
def test_a_file_that_is_gone_is_noticed(path: Path, loss: str) -> None:
    """SQLite would go on writing into the file that has no name any more."""
    store = SQLiteStore(path)
    store.append("a", reports(1), expected=0)
    for file in path.parent.glob("studies.db*"):
        file.unlink()
    if loss == "replaced":
        filled(path, 5)
    deadline = time.monotonic() + 20
    with pytest.raises(StoreError, match=r"studies\.db was removed or replaced while it was in use"):  # noqa: PT012
        for number in itertools.count(1):
            assert time.monotonic() < deadline
            store.append("a", reports(1, number), expected=number)
    assert len(list(store.read("a"))) == (5 if loss == "replaced" else 0)
    store.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="can't be"):
            SQLiteStore(path)
    finally:
        path.parent.chmod(0o700)


def test_a_store_is_found_by_a_relative_path_after_a_change_of_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore("studies.db")
    store.append("a", reports(1), expected=0)
    store.close()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert list(store.read("a")) == reports(1)
    store.close()


def test_a_lock_that_leads_elsewhere_is_not_followed(path: Path, tmp_path: Path) -> None:
    """Where others may write, somebody may have put a link there before the store was made."""
    store = SQLiteStore(path)
    with store.claim("a"):
        pass
    (lock,) = path.with_name("studies.db-locks").iterdir()
    mine = tmp_path / "mine"
    mine.write_text("precious")
    lock.unlink()
    lock.symlink_to(mine)
    with pytest.raises(StoreError, match="can't be made"), store.claim("a"):
        pass
    assert mine.read_text() == "precious"


def test_names_that_look_alike_have_locks_of_their_own(path: Path) -> None:
    store = SQLiteStore(path)
    with store.claim("a/b"), store.claim("a_b"), store.claim("a b"), store.claim("x" * 300):
        pass
    store.close()


def test_closing_twice_does_nothing(path: Path) -> None:
    store = SQLiteStore(path)
    store.close()
    store.close()
    assert list(store.studies()) == []
    store.close()
