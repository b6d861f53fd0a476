"""The folders of a study's trials: where they are, whose they are, and how all of them are removed."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from trimma.errors import StoreError, UsageError
from trimma.folders.temporary_folder import TemporaryFolder
from trimma.ports import Store
from trimma.spec import StudySpec
from trimma.trial_folders import TrialFolders

_temporary: WeakKeyDictionary[Store, TemporaryFolder] = WeakKeyDictionary()
"""The folders of stores that have no file. They are removed with the store, and at the end of the process."""


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
    place = Path(spec.folders) if spec.folders else beside(store, "trials")
    return TrialFolders(root=str(place / file_name(spec.name)), owner=owner_text(spec, created))


def owner_text(spec: StudySpec, created: float) -> str:
    """What the mark says in a folder of the study."""
    return f"{spec.name} {spec.seed} {created!r}\n"


def remove_trial_folders(spec: StudySpec, created: float, store: Store) -> None:
    """Remove the folders of all trials of a study. Raises `StoreError` when they can't be removed."""
    folders = trial_folders(spec, created, store)
    try:
        if owner_of(folders) == folders.owner:
            shutil.rmtree(folders.root)
            remove_if_empty(Path(folders.root).parent, spec)
    except OSError as error:
        raise StoreError(
            f"the folder {folders.root}, in which trials kept what they saved, can't be removed ({error.strerror}): "
            "remove it yourself, and then the study"
        ) from error


def beside(store: Store, kind: str) -> Path:
    """The folder beside the store's file for "trials" or "checkpoints", or a temporary one for both."""
    path = getattr(store, "path", None)
    if isinstance(path, Path):
        return path.with_name(f"{path.name}-{kind}")
    try:
        if store not in _temporary:
            _temporary[store] = TemporaryFolder("trials")
    except TypeError as error:
        raise UsageError(
            f"{store!r} has no file beside which trials could keep what they save: name a folder with "
            f"{'folders' if kind == 'trials' else kind}="
        ) from error
    return _temporary[store].path / kind


def file_name(study: str) -> str:
    """The name of a study as the name of a folder, with a digest where it has characters that a folder can't have."""
    if re.fullmatch(r"\w[\w.-]{0,80}", study):
        return study
    digest = hashlib.sha256(study.encode()).hexdigest()[:8]
    readable = re.sub(r"[^\w.-]", "_", study)[:60]
    return f"{readable}-{digest}"


def owner_of(folders: TrialFolders) -> str:
    """What the mark in the study's folder says, empty where there is none."""
    return folders.mark.read_text(encoding="utf-8", errors="replace") if folders.mark.is_file() else ""


def refuse_foreign(folders: TrialFolders) -> None:
    """Raise `UsageError` for a folder that isn't this study's, for much of what is in it would be removed."""
    owner, root = owner_of(folders), Path(folders.root)
    if owner == folders.owner:
        return
    if owner:
        whose = "holds the trials of another study of this name: remove it if you don't need them, take"
    elif root.exists() and set(root.iterdir()) - {folders.mark}:
        whose = "holds what isn't from a study: take"
    else:
        return
    raise UsageError(f"{root} {whose} another name, or name another place with folders=")


def remove_if_empty(folder: Path, spec: StudySpec) -> None:
    """Remove a folder that holds nothing any more, unless the user named it."""
    if not spec.folders and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
