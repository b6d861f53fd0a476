"""What is still there when a run is over, and shouldn't be: processes, and files of ours."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from chaos import processes
from chaos.driver import Outcome
from trimma.events import Event, TrialFinished
from trimma.ledger import Ledger

_PATIENCE = 12.0
_SHARED = (f"trimma-{os.getuid()}", f"trimma-sources-{os.getuid()}")


def left_running(mark: str, patience: float = _PATIENCE) -> list[str]:
    """The processes of a run that don't end by themselves. They are killed then."""
    deadline = time.monotonic() + patience
    while (found := processes.of_run(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for each in found:
        processes.send(each.pid, signal.SIGKILL)
    return [f"process {each.pid} is still there: {each.command[:200]}" for each in found]


def left_in_driver(outcome: Outcome) -> Iterator[str]:
    """What the process that ran the study still had when the study was over."""
    for what in ("threads", "descriptors", "jobs"):
        if left := getattr(outcome, what):
            yield f"{what} of the driver are still there: {left}"


def left_in_temporary_folder(folder: Path, *, killed: bool) -> Iterator[str]:
    """Files and folders of ours in the folder for temporary files. A driver that was ``killed`` may leave its own."""
    for entry in sorted(folder.iterdir()):
        # agents of a machine share what they have fetched in folders that stay, and are to be empty
        shared = entry.name in _SHARED and not any(entry.iterdir())
        if entry.name.startswith("trimma") and not shared and not killed:
            yield f"{entry.name} is still in the folder for temporary files: {_tree(entry)}"


def left_of_trials(events: Sequence[Event], disk: Path) -> Iterator[str]:
    """Folders of trials that aren't kept."""
    ledger = Ledger()
    for event in events:
        ledger.fold(event)
    best = ledger.history.best
    is_kept = {event.folder for event in events if isinstance(event, TrialFinished) and best and event.trial == best.id}
    for folder in sorted(disk.glob("*-trials/*/*/attempt-*")):
        if str(folder) not in is_kept and ledger.history.spec.keep is not None:
            yield f"the folder {folder} is still there"


def _tree(entry: Path) -> list[str]:
    return [str(each.relative_to(entry)) for each in sorted(entry.rglob("*"))] if entry.is_dir() else []
