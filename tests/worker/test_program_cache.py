"""The cache of a machine: fetched once, whoever asks and whoever is killed, and nothing is left behind."""

import contextlib
import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimma.errors import EngineError
from trimma.worker import program_cache, shared_files
from trimma.worker.program_cache import cached

CONTENT = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def fetch(offset):
    return CONTENT[offset : offset + 100_000]


def never(offset):
    raise AssertionError("it was there already")


def get(fetch=fetch, **more):
    return cached(DIGEST, len(CONTENT), fetch, **more)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(program_cache.VARIABLE, str(tmp_path))
    return tmp_path / f"trimma-{os.getuid()}"


# An agent: it asks for the file, notes that it fetched, and goes when its standard input is closed. With a second
# argument it is killed in the middle of its fetch.
AGENT = """
import os, signal, sys, time
from pathlib import Path
from trimma.worker.program_cache import cached
from hashlib import sha256
content = bytes(range(256)) * 4096
notes = Path(sys.argv[1])

def fetch(offset):
    if not offset:
        (notes / str(os.getpid())).touch()
    elif sys.argv[2:] == ["dies"]:
        os.kill(os.getpid(), signal.SIGKILL)
    elif sys.argv[2:] == ["dawdles"]:
        print("fetching", flush=True)
        time.sleep(60)
    time.sleep(0.02)
    return content[offset : offset + 100_000]

with cached(sha256(content).hexdigest(), len(content), fetch) as path:
    assert path.read_bytes() == content
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def agent(tmp_path):
    started = []
    notes = tmp_path / "notes"
    notes.mkdir()

    def start(*how):
        command = [sys.executable, "-c", AGENT, str(notes), *how]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return started[-1]

    start.fetches = lambda: len(list(notes.iterdir()))
    yield start
    for one in started:
        one.kill()
        one.communicate()


def test_what_is_fetched_is_kept_until_the_last_one_goes(folder):
    first = get()
    with get(never) as path:
        assert path.read_bytes() == CONTENT
        assert path == first.path
        assert path.stat().st_mode & 0o077 == 0
        first.close()
        first.close()
        assert path.exists()
    assert list(folder.iterdir()) == []


def test_eight_processes_that_ask_at_once_fetch_once(agent, folder):
    agents = [agent() for _ in range(8)]
    assert [one.stdout.readline() for one in agents] == ["ready\n"] * 8
    assert agent.fetches() == 1
    for one in agents:
        one.communicate()
        assert one.returncode == 0
    assert list(folder.iterdir()) == []


def test_threads_of_one_process_fetch_once_too(folder):
    fetches, found = [], []
    everybody = threading.Barrier(8)

    def slow(offset):
        fetches.append(offset)
        time.sleep(0.01)
        return fetch(offset)

    def work():
        with get(slow) as path:
            everybody.wait(20)
            found.append(path.read_bytes() == CONTENT)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [True] * 8
    assert fetches == list(range(0, len(CONTENT), 100_000))
    assert list(folder.iterdir()) == []


def test_one_that_is_killed_in_the_middle_of_its_fetch_is_replaced(agent, folder):
    dying = [agent("dies") for _ in range(3)]
    for one in dying:
        one.communicate()
        assert one.returncode == -signal.SIGKILL
    assert agent.fetches() == 3
    with get() as path:
        assert path.read_bytes() == CONTENT
    assert list(folder.iterdir()) == []


def test_those_who_wait_take_over_from_one_that_is_killed(agent, folder):
    slow = agent("dawdles")
    assert slow.stdout.readline() == "fetching\n"
    seen = []

    def waiting(done):
        if not seen:
            slow.kill()
        seen.append(done)

    with get(waiting=waiting) as path:
        assert path.read_bytes() == CONTENT
    assert seen[0] == 100_000, "how far the other had come"
    assert list(folder.iterdir()) == []


def test_who_waits_may_give_up(agent, folder):
    slow = agent("dawdles")
    assert slow.stdout.readline() == "fetching\n"

    def waiting(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(waiting=waiting)


def test_a_copy_that_a_killed_agent_has_left_is_used_by_the_next(agent, folder):
    one = agent()
    assert one.stdout.readline() == "ready\n"
    one.kill()
    one.wait()
    assert len(list(folder.iterdir())) == 2
    with get(never) as path:
        assert path.read_bytes() == CONTENT
    assert list(folder.iterdir()) == []


def test_a_copy_that_was_left_damaged_is_fetched_again(folder):
    folder.mkdir(mode=0o700)
    (folder / f"{DIGEST}.program").write_bytes(CONTENT[:-1] + b"x")
    with get() as path:
        assert path.read_bytes() == CONTENT


def test_what_others_have_left_is_removed_and_what_they_use_is_not(agent, folder):
    one = agent()
    assert one.stdout.readline() == "ready\n"
    for name in ("aaaa.program", "aaaa.lock", "bbbb.part", "cccc.lock"):
        (folder / name).write_bytes(b"?")
    other = b"another program"
    with cached(hashlib.sha256(other).hexdigest(), len(other), lambda offset: other):
        assert {path.stem for path in folder.iterdir()} == {DIGEST, hashlib.sha256(other).hexdigest()}
    one.communicate()
    assert list(folder.iterdir()) == []


def test_a_fetch_that_fails_leaves_nothing(folder):
    def broken(offset):
        if offset:
            raise ConnectionError("the driver is gone")
        return fetch(offset)

    with pytest.raises(ConnectionError):
        get(broken)
    with pytest.raises(EngineError, match="the driver gave 100,000 of the 1,048,576 bytes"):
        get(lambda offset: b"" if offset else fetch(offset))
    with pytest.raises(EngineError, match="damaged on their way"):
        get(lambda offset: b"x" * 100_000)
    assert list(folder.iterdir()) == []


def test_a_full_disk_is_told_before_and_while_it_is_filled(folder, monkeypatch):
    with pytest.raises(EngineError, match=r"take 4,611,686,018,427,387,904 bytes.*are free.*TRIMMA_CACHE"):
        cached(DIGEST, 2**62, never)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, hard))
    try:
        with pytest.raises(EngineError, match=r"can't be kept in .*\(File too large\): make room there"):
            get()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(folder.iterdir()) == []


def test_a_folder_that_others_may_read_is_refused(folder, tmp_path):
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(EngineError, match="this user's alone"):
        get()
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineError, match="this user's alone"):
        get()


def test_a_folder_that_can_not_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(program_cache.VARIABLE, str(tmp_path / "file"))
    with pytest.raises(EngineError, match=r"can't be made \(Not a directory\): name another"):
        get()


def test_a_copy_that_is_swept_away_while_it_is_used_is_made_again_for_who_comes_later(folder, monkeypatch):
    monkeypatch.setattr(shared_files, "_PATIENCE", 3)
    with get() as path, path.open("rb") as held:
        path.unlink()
        with get() as other:
            assert other != path
            assert other.read_bytes() == CONTENT
        assert held.read() == CONTENT
    assert list(folder.iterdir()) == []


def test_a_copy_that_is_swept_away_is_not_lost_to_who_uses_it(folder):
    with contextlib.closing(get()) as copy:
        copy.path.unlink()
        assert os.pread(copy.descriptor, len(CONTENT), 0) == CONTENT


@settings(max_examples=5)
@given(st.lists(st.tuples(st.sampled_from(["stays", "dies", "is killed"]), st.floats(0, 0.3)), min_size=2, max_size=6))
@pytest.mark.timeout(180)
def test_whoever_is_killed_whenever_the_last_one_gets_the_file_and_nothing_is_left(tmp_path_factory, fates):
    root = tmp_path_factory.mktemp("cache")
    (root / "notes").mkdir()
    folder = root / f"trimma-{os.getuid()}"
    running = []
    for fate, pause in fates:
        command = [sys.executable, "-c", AGENT, str(root / "notes"), "dies" if fate == "dies" else "stays"]
        environment = {**os.environ, program_cache.VARIABLE: str(root)}
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment))
        time.sleep(pause)
    for (fate, _), one in zip(fates, running, strict=True):
        if fate == "is killed":
            one.kill()
    for (fate, _), one in zip(fates, running, strict=True):
        one.communicate()
        # one that would die in its fetch lives if another has fetched
        assert one.returncode == 0 or fate != "stays"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(program_cache.VARIABLE, str(root))
        with get() as path:
            assert Path(path).read_bytes() == CONTENT
    assert list(folder.iterdir()) == []
