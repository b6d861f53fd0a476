"""What `trimma doctor` finds, and says to do, on machines that lack something."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import trimma as tm
from trimma.cli import main
from trimma.facts import Fact, Joined, Left, Printed, Returned


@pytest.fixture(autouse=True)
def _no_store_is_here(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))


def look(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["doctor", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def java(folder: Path, says: str) -> Path:
    """A folder with a Java that says this of its version."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "java"
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    program.chmod(0o755)
    return folder


def test_all_that_is_looked_at(run) -> None:
    lines = run("doctor").splitlines()
    assert all(re.match(r"[✓-] \w[\w-]* +\S|\s+→ \S", line) for line in lines), lines
    looked_at = [line.split()[1] for line in lines if not line.startswith(" ")]
    assert looked_at[:4] == ["Python", "machine", "store", "disk"]
    extras = ["plotly", "matplotlib", "pandas", "pyarrow", "scipy", "scikit-learn", "distributed", "pyspark"]
    assert looked_at[-10:] == ["worker", "Java", *extras]
    assert "✓ store        STORE, 1 study, SQLite" in "\n".join(lines)
    assert "for engine='dask' (not tried; to try it: trimma doctor --engine dask)" in lines[-2]


def test_a_damaged_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.db").write_bytes(b"no database" * 1000)
    monkeypatch.setenv("TRIMMA_STORE", str(tmp_path / "s.db"))
    said = look(status=1)
    assert re.search(r"✗ store .*\n +→ .* is damaged .*: restore a copy, or name another file", said)


def test_a_path_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = look()
    assert (
        "- Java         none on the PATH, and no JAVA_HOME; for engine='spark', unless Spark runs elsewhere\n" in said
    )
    assert re.search(r"JAVA_HOME; .*\n +→ install Java 17 or later \(.*\), or name one with JAVA_HOME\n", said)


def test_a_java_home_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert re.search(rf"- Java +JAVA_HOME is {tmp_path}, where .*\n +→ correct JAVA_HOME, or unset it\n", look())


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.2", "16"])
def test_a_java_that_is_too_old(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = java(tmp_path, f'openjdk version "{version}" 2019-01-15')
    monkeypatch.setenv("JAVA_HOME", str(home))
    said = look()
    assert re.search(rf"- Java +{re.escape(version)}, {home}/bin/java, is too old; .*\n +→ install Java 17", said)


@pytest.mark.parametrize("version", ["17", "17.0.15", "21-ea", "25.0.1"])
def test_a_java_that_will_do(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(java(tmp_path, f'openjdk version "{version}" 2025-04-15') / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert re.search(rf"✓ Java +{re.escape(version)}, {tmp_path}/bin/java\n", look())


def test_a_java_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path, "Segmentation fault")))
    assert f"- Java         {tmp_path}/bin/java doesn't say its version; " in look()


def test_an_engine_that_there_is_not(run) -> None:
    said = run("doctor", "--engine", "sprk", status=1)
    assert said.startswith("trimma: there is no engine named 'sprk'; did you mean 'spark'?")


def test_an_engine_is_tried(run) -> None:
    lines = run("doctor", "--engine", "local").splitlines()[-4:]
    assert re.match(r"✓ engine +Local\(workers=\d+, cpus=1\), with room for \d+ workers?, is there in ", lines[0])
    assert re.match(r"✓ workers +(\d+) of \1 workers? ran a trial after \d+\.\d\d", lines[1])
    assert re.match(rf"✓ versions +Python (\S+), trimma {tm.__version__} here; at the workers: Python \1, ", lines[2])
    assert re.match(r"✓ disk +\d+\.\d GiB free at ", lines[3])
    assert "not tried" not in "".join(lines)


class Cluster:
    """An engine whose workers are elsewhere, as far as this process can tell."""

    clock: Any = None

    def __init__(self, capacity: int = 2, **differs: Any) -> None:
        self.capacity, self._differs = capacity, differs
        self._facts: list[Fact] = []
        self.demands: set[int | None] = set()
        self.is_closed = False

    def __repr__(self) -> str:
        return "Cluster()"

    def open(self, program: Any) -> None:
        self._facts += [Joined(worker=f"there-{slot}") for slot in range(min(self.capacity, 8))]

    def carry_out(self, command: Any) -> None:
        job = command.job
        told = {"host": "there", "python": "3.11.0", "executable": "/p", "trimma": tm.__version__, "folder": "/tmp"}
        text = json.dumps({**told, "free": 2**40, **self._differs})
        of = {"trial": job.trial, "attempt": job.attempt}
        self._facts += [Printed(**of, text=f"a warning\n{text[:9]}"), Printed(**of, text=f"{text[9:]}\n")]
        self._facts += [Returned(**of, metrics={})]

    def tell(self, fact: Fact, after: float = 0.0) -> None: ...

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[Fact]:
        self.demands.add(demand)
        facts, self._facts = self._facts, []
        return facts

    def close(self) -> None:
        self.is_closed = True


def tried(engine: Any) -> list[str]:
    findings = list(tm.doctor(engine))
    assert isinstance(engine, str) or engine.is_closed
    return [str(finding) for finding in findings if finding.what in ("engine", "workers", "versions", "disk")][-4:]


def test_workers_with_another_trimma() -> None:
    *_, versions, disk = tried(Cluster(trimma="0.0.1"))
    assert re.match(r"✗ versions .*; at the workers: Python 3.11.0, trimma 0.0.1\n +→ install trimma ", versions)
    assert disk == "✓ disk         1024.0 GiB free at /tmp on there"


def test_workers_without_room_on_their_disk() -> None:
    assert re.match(
        r"✗ disk +0.1 GiB free at /tmp on there\n +→ .*: free some, or set TRIMMA_CACHE", tried(Cluster(free=10**8))[-1]
    )


def test_a_large_cluster_is_not_filled() -> None:
    engine = Cluster(1000)
    assert "✓ workers      8 of 8 workers ran a trial" in tried(engine)[1]
    assert engine.demands == {8}


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (Left(worker="there-0", cause="killed by SIGKILL"), "there-0 has died: killed by SIGKILL"),
        (None, "no worker was ready within 0.1 s: is there room for one, and time?"),
    ],
)
def test_workers_that_do_not_come(fact: Fact | None, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimma.api.doctor.engine_check._SECONDS", 0.1)
    engine = Cluster()
    engine.poll = lambda timeout, demand=None: [fact] if fact else []  # type: ignore[method-assign]
    assert tried(engine)[-1] == f"✗ engine       engine=Cluster() can't be used\n{'':15}→ {message}"


def test_workers_that_come_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimma.api.doctor.worker_probe._LATECOMERS", 0.1)
    engine = Cluster(1)
    engine.capacity = 3
    engine.open = lambda program: engine._facts.append(Joined(worker="there-0"))  # type: ignore[method-assign]
    assert re.match(
        r"- workers +1 of 3 workers ran a trial .*\n +→ the others have no room, or can't ", tried(engine)[1]
    )
