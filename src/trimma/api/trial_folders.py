"""The folders of a study's trials: where they are, and how those that aren't kept are removed."""

import hashlib
import re
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

from trimma.errors import StoreError, UsageError
from trimma.events import Event, TrialFailed, TrialFinished, TrialLost, TrialPaused, TrialStopped
from trimma.ports import History, Store
from trimma.spec import StudySpec
from trimma.trial import ENDED
from trimma.trial_folders import ATTEMPT, TrialFolders
from trimma.views.folders_to_keep import folders_to_keep

_RULES = {"best": 1, "none": 0, "all": None}

_temporary: WeakKeyDictionary[Store, Path] = WeakKeyDictionary()
"""The folders of stores that have no file. They are removed with the store, and at the end of the process."""


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


def folders_of(folders: Any) -> str:
    """The folder that the user names as an absolute path, or an empty text for the place beside the store."""
    if folders is None:
        return ""
    if not isinstance(folders, str | Path) or not str(folders):
        raise UsageError(f"folders={folders!r} must be the path of a folder")
    if "://" in str(folders):
        raise UsageError(f"folders={str(folders)!r}: name a folder, such as a mounted one, and no address")
    return str(Path(folders).expanduser().absolute())


def trial_folders(spec: StudySpec, created: float, store: Store) -> TrialFolders:
    """Where the folders of a study's trials are: in the folder that the user named, or beside the store.

    If the store has no file, they are in a folder for temporary files, as long as the store is there. ``created`` is
    when the study was created. It tells the study from others of its name and seed.
    """
    owner = f"{spec.name} {spec.seed} {created!r}\n"
    return TrialFolders(root=str(_place(spec, store) / _file_name(spec.name)), owner=owner)


def remove_trial_folders(spec: StudySpec, created: float, store: Store) -> None:
    """Remove the folders of all trials of a study. Raises `StoreError` when they can't be removed."""
    folders = trial_folders(spec, created, store)
    try:
        if _owner(folders) == folders.owner:
            shutil.rmtree(folders.root)
            _remove_if_empty(Path(folders.root).parent, spec)
    except OSError as error:
        raise StoreError(
            f"the folder {folders.root}, in which trials kept what they saved, can't be removed ({error.strerror}): "
            "remove it yourself, and then the study"
        ) from error


def _place(spec: StudySpec, store: Store) -> Path:
    if spec.folders:
        return Path(spec.folders)
    path = getattr(store, "path", None)
    if isinstance(path, Path):
        return path.with_name(f"{path.name}-trials")
    try:
        if store not in _temporary:
            _temporary[store] = Path(tempfile.mkdtemp(prefix="trimma-trials-"))
            weakref.finalize(store, shutil.rmtree, _temporary[store], ignore_errors=True)
    except TypeError as error:
        raise UsageError(
            f"{store!r} has no file beside which trials could keep what they save: name a folder with folders="
        ) from error
    return _temporary[store]


def _file_name(study: str) -> str:
    """The name of a study as the name of a folder, with a digest where it has characters that a folder can't have."""
    if re.fullmatch(r"\w[\w.-]{0,80}", study):
        return study
    digest = hashlib.sha256(study.encode()).hexdigest()[:8]
    readable = re.sub(r"[^\w.-]", "_", study)[:60]
    return f"{readable}-{digest}"


def _owner(folders: TrialFolders) -> str:
    """What the mark in the study's folder says, empty where there is none."""
    return folders.mark.read_text(encoding="utf-8", errors="replace") if folders.mark.is_file() else ""


def _refuse_foreign(folders: TrialFolders) -> None:
    """Raise `UsageError` for a folder that isn't this study's, for much of what is in it would be removed."""
    owner, root = _owner(folders), Path(folders.root)
    if owner == folders.owner:
        return
    if owner:
        whose = "holds the trials of another study of this name"
    elif root.exists() and set(root.iterdir()) - {folders.mark}:
        whose = "holds what isn't from a study"
    else:
        return
    raise UsageError(f"{root} {whose}: remove it, take another name, or name another place with folders=")


def _remove_if_empty(folder: Path, spec: StudySpec) -> None:
    """Remove a folder that holds nothing any more, unless the user named it."""
    if not spec.folders and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


class FolderKeeper:
    """An observer that removes the folders of trials that aren't kept, in a thread of its own.

    At its beginning and at its end it removes all that is left over, also by a driver that was killed. No attempt runs
    then. What can't be removed is told by a `RuntimeWarning`.

    Raises `StoreError` when the study's folder can't be made, and `UsageError` when it isn't this study's.
    """

    def __init__(self, folders: TrialFolders, history: History) -> None:
        self.folders, self._history = folders, history
        self._held: list[int] = []
        self._problems: list[OSError] = []

    def __enter__(self) -> Self:
        mark = self.folders.mark
        try:
            _refuse_foreign(self.folders)
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(self.folders.owner, encoding="utf-8")
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
        if root.exists() and set(root.iterdir()) == {self.folders.mark}:
            shutil.rmtree(root)
            _remove_if_empty(root.parent, self._history.spec)

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
