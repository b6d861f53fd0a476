"""The memory that trials leave behind in their process: when it is told, and how much there may be."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from trimma.worker import memory
from trimma.worker.memory import MemoryWatch, PrivateMemory, allowed_growth, usable_memory

MIB = 2**20
ALLOWED = 1024 * MIB


def told(*held: int | None, allowed: int = ALLOWED) -> list[tuple[int, int, bool]]:
    """What is told of a process that holds so many MiB after each trial: the trial, how much more, and if too much."""
    left = list(held)
    watch = MemoryWatch(allowed, lambda: None if left[0] is None else left[0] * MIB)
    found = []
    while left:
        if (more := watch.after_trial()) is not None:
            found.append((watch.trials, more // MIB, watch.exceeded))
        left.pop(0)
    return found


def test_steady_growth_is_told_and_then_that_it_is_too_much() -> None:
    assert told(*range(100, 2000, 100)) == [(5, 400, False), (13, 1200, True)]


def test_it_is_told_no_more_after_that() -> None:
    assert len(told(*range(100, 90_000, 100))) == 2


def test_growth_at_a_great_rate_is_told_once() -> None:
    assert told(0, 4000, 8000, 12000) == [(3, 8000, True)]


@pytest.mark.parametrize(
    "held",
    [
        [500] * 20,
        [100, 3000, *[3000] * 20],  # loaded once
        [100, 150, 100, 160, 100, 140] * 5,  # up and down
        [3000, 100, 120, 130],
        [None] * 20,
        [100],
    ],
)
def test_what_is_no_growth_isn_t_told(held: list[int | None]) -> None:
    assert told(*held) == []


def test_small_growth_isn_t_told() -> None:
    assert told(*range(64), allowed=8 * MIB) == []
    assert told(*range(70), allowed=8 * MIB) == [(67, 66, True)]


def test_what_waits_to_be_collected_isn_t_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    held, collections = [0], list[int]()

    def collect() -> None:
        collections.append(held.pop())
        held.append(0)

    monkeypatch.setattr(gc, "collect", collect)
    watch = MemoryWatch(ALLOWED, lambda: held[-1])
    for _ in range(8):
        assert watch.after_trial() is None
        held[-1] += 100 * MIB
    assert collections == [400 * MIB]


@pytest.fixture
def measure() -> Iterator[PrivateMemory]:
    made = PrivateMemory()
    yield made
    made.close()


def test_what_this_process_holds(measure: PrivateMemory) -> None:
    before = measure()
    if before is None:
        pytest.skip("the system doesn't tell")
    kept = bytearray(64 * MIB)
    after = measure()
    assert after is not None
    assert after - before > 60 * MIB
    del kept


def test_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(path: str, flags: int) -> int:
        raise FileNotFoundError(path)

    monkeypatch.setattr(memory.os, "open", absent)
    assert PrivateMemory()() is None


def test_a_trial_that_closes_all_files_ends_the_measuring(measure: PrivateMemory, tmp_path: Path) -> None:
    if measure() is None:
        pytest.skip("the system doesn't tell")
    (tmp_path / "other").write_text("some text of a user")
    with (tmp_path / "other").open() as other:
        os.dup2(other.fileno(), measure._file)
        descriptor = measure._file
        assert measure() is None
    os.close(descriptor)
    assert measure() is None


def test_half_of_each_worker_s_share() -> None:
    assert allowed_growth(1) == max(usable_memory() // 2, 256 * MIB)
    assert allowed_growth(10**9) == 256 * MIB


def limits(folder: Path, groups: str, **files: str) -> list[int]:
    (folder / "own").write_text(groups, encoding="utf-8")
    for name, text in files.items():
        file = folder / "fs" / name.replace("__", "/").replace("_max", ".max").replace("_bytes", ".limit_in_bytes")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return sorted(memory._limits(folder / "fs", folder / "own"))


def test_the_limits_of_control_groups(tmp_path: Path) -> None:
    files = {"memory_max": "max\n", "jobs__memory_max": "3000\n", "jobs__one__memory_max": "4000\n"}
    assert limits(tmp_path, "0::/jobs/one\n", **files) == [3000, 4000]


def test_the_limits_of_older_control_groups(tmp_path: Path) -> None:
    groups = "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n"
    assert limits(tmp_path, groups, memory__memory_bytes="2000\n", cpu__memory_bytes="1\n") == [2000]


def test_a_container_that_sees_only_its_own_group(tmp_path: Path) -> None:
    assert limits(tmp_path, "0::/\n", memory_max="1000\n") == [1000]


def test_where_there_are_no_groups(tmp_path: Path) -> None:
    assert list(memory._limits(tmp_path, tmp_path / "nothing")) == []
