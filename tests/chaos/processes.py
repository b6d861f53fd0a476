"""The processes of a run, found by a variable of their environment, and by what each of them is."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

VARIABLE = "TRIMMA_CHAOS_RUN"


class Process(Struct, frozen=True):
    """A process as it was when it was seen."""

    pid: int
    parent: int
    group: int
    command: str


def of_run(mark: str) -> list[Process]:
    """All processes that this run has started, directly or not, whoever their parents are now."""
    return list(_seen(f"{VARIABLE}={mark}".encode()))


def _seen(variable: bytes) -> Iterator[Process]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        # one that has just ended, or is another user's
        with contextlib.suppress(OSError):
            if variable not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            state, parent, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if state != "Z":
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield Process(int(folder.name), int(parent), int(group), command)


def named(kind: str, found: list[Process]) -> list[int]:
    """The ids of the processes of a kind among those found."""
    by_pid = {each.pid: each for each in found}
    runners = [each for each in found if _RUNNER in each.command and each.pid == each.group]
    match kind:
        case "runner":
            return [each.pid for each in runners]
        case "guard":
            # forked twice, it is nobody's child, and a child of a trial is its runner's
            return [
                each.pid
                for each in found
                if _RUNNER in each.command and each.pid != each.group and each.parent != each.group
            ]
        case "agent":
            remote = {each.pid for each in found if "remote_agent" in each.command}
            parents = {each.parent for each in runners if "pyspark.daemon" in _command(by_pid, each.parent)}
            return sorted(remote | parents)
        case "Dask worker":
            return sorted(each.pid for each in found if "spawn_main" in each.command)
        case "executor":
            return [each.pid for each in found if "CoarseGrainedExecutorBackend" in each.command]
        case "Python daemon":
            daemons = [each for each in found if "pyspark.daemon" in each.command]
            return [each.pid for each in daemons if "pyspark.daemon" not in _command(by_pid, each.parent)]
    raise ValueError(kind)


_RUNNER = "from trimma.worker.runner import main"


def _command(known: dict[int, Process], pid: int) -> str:
    return known[pid].command if pid in known else ""


def send(pid: int, number: signal.Signals) -> bool:
    """Whether there was such a process to send the signal to."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
