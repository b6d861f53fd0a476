"""Removes the checkpoints that no trial needs any more, while a study runs."""

import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from trimma.api.checkpoint_place import clear
from trimma.api.folder_keeper import keep_of
from trimma.checkpoint import Checkpoint, CheckpointPlace
from trimma.checkpoint_files import files_at
from trimma.errors import StoreError, UsageError
from trimma.events import (
    CheckpointSaved,
    Event,
    PauseFailed,
    SaveFailed,
    TrialFailed,
    TrialFinished,
    TrialQueued,
    TrialStopped,
    WentBackFurther,
)
from trimma.ports import History
from trimma.views.checkpoints_to_keep import checkpoints_to_keep, last_of
from trimma.views.folders_to_keep import folders_to_keep


class CheckpointKeeper:
    """An observer that removes checkpoints, in a thread of its own, as soon as no trial needs them any more.

    A checkpoint may be needed by several trials: by the one that has saved it, and by those that begin from it. At its
    beginning and at its end it also removes what a driver or a worker that was killed has left. No attempt runs then.
    What couldn't be saved or removed is told by a `RuntimeWarning` at the end. So is a place that can't be written, at
    the beginning, unless somebody has named it or the scheduler requires it: ``place`` is None then.

    Raises `StoreError` when such a place can't be written, and `UsageError` when it isn't this study's.
    """

    def __init__(self, place: CheckpointPlace, history: History) -> None:
        self.place: CheckpointPlace | None = place
        self._root, self._history = place.root, history
        self._files = files_at(place.root)
        self._keep = keep_of(history.spec.checkpoints.keep)
        self._problems: list[Exception] = []
        self._needs: dict[int, Sequence[Checkpoint]] = {}
        self._needed: Counter[Checkpoint] = Counter()
        self._kept: list[int] = []
        self._unsaved, self._first_unsaved = 0, ""

    def __enter__(self) -> Self:
        if (place := self.place) is not None:
            try:
                self._mark(place)
                self._begin()
            except OSError as error:
                why = f"no checkpoint can be saved in {place.root} ({error}): name another place with checkpoints="
                if place.required or self._history.spec.checkpoints.place:
                    raise StoreError(why) from error
                warnings.warn(why, RuntimeWarning, stacklevel=2)
                self.place = None
        self._remover = ThreadPoolExecutor(max_workers=1, thread_name_prefix="trimma-checkpoints")
        return self

    def _mark(self, place: CheckpointPlace) -> None:
        mark = self._files.read_mark()
        if mark not in ("", place.owner) or (not mark and any(self._files.names())):
            raise UsageError(
                f"{place.root} holds the checkpoints of another study: remove it if you don't need them, take another "
                "name, or name another place with checkpoints="
            )
        if not mark:
            self._files.write_mark(place.owner)

    def __call__(self, events: Sequence[Event], history: History, now: float) -> None:
        if self.place is None:
            return
        ended = False
        for event in events:
            match event:
                case TrialQueued() | CheckpointSaved() | WentBackFurther():
                    self._needs_now(event.trial, history.trials[event.trial].checkpoints)
                case SaveFailed() | PauseFailed():
                    self._unsaved += 1
                    self._first_unsaved = self._first_unsaved or (
                        f"that of trial {event.trial} at step {event.step}: {event.failure}"
                    )
                case TrialFinished() | TrialStopped() | TrialFailed():
                    self._kept.append(event.trial)
                    ended = True
        if ended:
            kept = folders_to_keep(history, self._kept, self._keep)
            for trial in self._kept:
                self._needs_now(trial, last_of(history.trials[trial]) if trial in kept else ())
            self._kept = [trial for trial in self._kept if trial in kept]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        in_haste = kind is not None and not issubclass(kind, Exception)
        self._remover.shutdown(wait=not in_haste, cancel_futures=in_haste)
        if in_haste or self.place is None:
            return
        if self._unsaved:
            warnings.warn(
                f"{self._unsaved} checkpoints couldn't be saved, and their trials went on without them, such as "
                f"{self._first_unsaved}",
                RuntimeWarning,
                stacklevel=2,
            )
        try:
            self._begin()
            if not any(self._files.names()):
                clear(self.place, self._history.spec)
        except OSError as problem:
            self._problems.append(problem)
        if self._problems:
            count, first = len(self._problems), self._problems[0]
            warnings.warn(
                f"{count} checkpoints in {self._root} can't be removed, such as: {first}",
                RuntimeWarning,
                stacklevel=2,
            )

    def _begin(self) -> None:
        """Find out what is needed, and remove all else that is there."""
        history = self._history
        self._needs = checkpoints_to_keep(history, history.ended, self._keep)
        self._kept = [trial for trial in history.ended if trial in self._needs]
        self._needed = Counter(checkpoint for needs in self._needs.values() for checkpoint in needs)
        names = {checkpoint.name for checkpoint in self._needed}
        for name in self._files.names():
            if name not in names:
                self._files.remove(name)

    def _needs_now(self, trial: int, checkpoints: Sequence[Checkpoint]) -> None:
        self._needed.update(checkpoints)
        before = self._needs.pop(trial, ())
        if checkpoints:
            self._needs[trial] = checkpoints
        self._needed.subtract(before)
        for checkpoint in before:
            if self._needed[checkpoint] <= 0:
                del self._needed[checkpoint]
                self._remover.submit(self._remove, checkpoint.name)

    def _remove(self, name: str) -> None:
        try:
            self._files.remove(name)
        except Exception as error:  # noqa: BLE001 - a place behind an address may raise anything
            self._problems.append(error)
