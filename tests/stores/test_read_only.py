"""A store that this user can't write: it can be looked at, and nothing more."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trimma.stores import SQLiteStore
from trimma.testing.stores import reports

LOOK = """
import json, os, sys
from trimma.requests import EndStudy
from trimma.stores import SQLiteStore
from trimma.testing.stores import reports

if os.geteuid() == 0:  # who may write anything
    os.setgid(65534)
    os.setuid(65534)
told = {}

def tell(what, call):
    try:
        told[what] = call()
    except BaseException as error:
        told[what] = f"{type(error).__name__}: {error}"

def look():
    store = SQLiteStore(sys.argv[1])
    tell("read", lambda: len(list(store.read("a"))))
    tell("studies", lambda: dict(store.studies()))
    tell("append", lambda: store.append("a", reports(1, 5), 5))
    tell("claim", lambda: store.claim("a").__enter__())
    tell("ask", lambda: store.ask("a", EndStudy()))
    tell("requests", lambda: len(store.take_requests("a")))

tell("open", look)
print(json.dumps(told))
"""
KILLED = """
import os, sys
from trimma.stores import SQLiteStore
from trimma.testing.stores import reports
store = SQLiteStore(sys.argv[1])
store.append("a", reports(5), 0)
os._exit(0)
"""


@pytest.fixture
def path() -> Iterator[Path]:
    """A store with five events, in a folder that another user can reach."""
    folder = Path(tempfile.mkdtemp())
    yield folder / "studies.db"
    folder.chmod(0o755)
    shutil.rmtree(folder)


def look(path: Path, *, mode: int = 0o444) -> dict[str, Any]:
    """What a user who can't write the store is told."""
    for file in path.parent.iterdir():
        file.chmod(mode)
    path.parent.chmod(0o555)
    done = subprocess.run([sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_store_that_was_closed_can_be_looked_at(path: Path) -> None:
    store = SQLiteStore(path)
    store.append("a", reports(5), expected=0)
    store.close()
    found = look(path)
    assert (found["open"], found["read"], found["studies"], found["requests"]) == (None, 5, {"a": None}, 0)
    for what in ("append", "ask"):
        assert found[what].startswith(f"StoreError: the store {path} is read-only")
        assert "copy the file" in found[what]
    assert "lock file" in found["claim"]
    assert [file.name for file in path.parent.iterdir()] == ["studies.db"]


def test_a_store_whose_last_writer_was_killed_shows_its_last_events(path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=True)
    assert sorted(file.name for file in path.parent.iterdir()) == ["studies.db", "studies.db-shm", "studies.db-wal"]
    found = look(path)
    assert (found["read"], found["studies"]) == (5, {"a": None})


def test_events_that_cannot_be_seen_are_not_passed_over_in_silence(path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=True)
    path.with_name("studies.db-shm").unlink()
    assert "its last events are in studies.db-wal" in look(path)["open"]


def test_a_store_that_may_not_even_be_read(path: Path) -> None:
    store = SQLiteStore(path)
    store.append("a", reports(5), expected=0)
    store.close()
    found = look(path, mode=0o000)
    assert found == {"open": found["open"]}
    assert found["open"].startswith(f"StoreError: the store {path} can't be opened")
