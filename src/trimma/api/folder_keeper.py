"""Removes the folders of those trials that aren't kept, while a study runs."""

import shutil
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from trimma.api.trial_folders import holds_nothing, mark_folders, refuse_foreign, remove_if_empty
from trimma.errors import StoreError, UsageError
from trimma.events import Event, TrialFailed, TrialFinished, TrialLost, TrialPaused, TrialStopped
from trimma.ports import History, Store
from trimma.trial import ENDED
from trimma.trial_folders import ATTEMPT, TrialFolders
from trimma.views.folders_to_keep import folders_to_keep

_RULES = {"best": 1, "none": 0, "all": None}


def keep_of(keep: Any) -> int | None:
    """How many of the best trials keep their folders; None means all.

    Raises `UsageError` unless ``keep`` is "best", "all", "none" or a whole number, 0 or more.
    """
    if isinstance(keep, str) and keep in _RULES:
        return _RULES[keep]
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:
        raise UsageError(
            f"keep={keep!r} must be 'best', 'all', 'none', or how many of the best trials keep their folders"
        )
    return keep


class FolderKeeper:
    """An observer that removes the folders of trials that aren't kept, in a thread of its own.

    At its beginning and at its end it removes all that is left over, also by a driver that was killed. No attempt runs
    then. What can't be removed is told by a `RuntimeWarning`.

    Raises `StoreError` when the study's folder can't be made, and `UsageError` when it isn't this study's.
    """

    def __init__(self, folders: TrialFolders, history: History, store: Store) -> None:
        self.folders, self._history, self._store = folders, history, store
        self._held: list[int] = []
        self._problems: list[OSError] = []

    def __enter__(self) -> Self:
        try:
            refuse_foreign(self.folders, self._store)
            mark_folders(self.folders, self._store)
            self._clean()
        except OSError as error:
            raise StoreError(
                f"the folder {self.folders.root}, in which trials keep what they save, can't be written "
                f"({error.strerror}): name another with folders="
            ) from error
        self._remover = ThreadPoolExecutor(max_workers=1, thread_name_prefix="trimma-folders")
        return self

    def __call__(self, events: Sequence[Event], history: History, now: float) -> None:
        ended = False
        for event in events:
            match event:
                case TrialLost() | TrialPaused():
                    self._remove_later(self.folders.of_attempt(event.trial, event.attempt))
                case TrialFinished() | TrialStopped() | TrialFailed():
                    self._held.append(event.trial)
                    ended = True
        if ended:
            kept = folders_to_keep(history, self._held, history.spec.keep)
            for trial in self._held:
                if trial not in kept:
                    self._remove_later(self.folders.of(trial))
            self._held = [trial for trial in self._held if trial in kept]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        in_haste = kind is not None and not issubclass(kind, Exception)
        self._remover.shutdown(wait=not in_haste, cancel_futures=in_haste)
        if in_haste:
            return
        # what was in use then may be free now
        self._problems.clear()
        try:
            self._clean()
            self._remove_if_unused()
        except OSError as problem:
            self._problems.append(problem)
        if self._problems:
            warnings.warn(
                f"{len(self._problems)} folders of trials in {self.folders.root} can't be removed, such as: "
                f"{self._problems[0]}",
                RuntimeWarning,
                stacklevel=2,
            )

    def _remove_if_unused(self) -> None:
        root = Path(self.folders.root)
        if root.exists() and holds_nothing(self.folders):
            shutil.rmtree(root)
            remove_if_empty(root.parent, self._history.spec)

    def _clean(self) -> None:
        """Remove what no trial keeps. This is done only while no attempt runs."""
        history = self._history
        kept = folders_to_keep(history, history.ended, history.spec.keep)
        self._held = [trial for trial in history.ended if trial in kept]
        root = Path(self.folders.root)
        for path in root.iterdir() if root.exists() else ():
            if not path.name.isdecimal():
                continue
            trial = int(path.name)
            if trial >= history.trial_count or (history.trials[trial].state in ENDED and trial not in kept):
                self._remove(path)
            elif history.trials[trial].state not in ENDED:
                for attempt in path.glob(f"{ATTEMPT}*"):
                    self._remove(attempt)

    def _remove_later(self, path: Path) -> None:
        self._remover.submit(self._remove, path)

    def _remove(self, path: Path) -> None:
        try:
            if path.exists():
                shutil.rmtree(path)
        except OSError as error:
            self._problems.append(error)
