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


def remove_trial_folders(spec: StudySpec, created: float, store: Store) -> str:
    """Remove the folders of all trials of a study, or say in words why they are left.

    Raises `StoreError` when they can't be removed.
    """
    folders = trial_folders(spec, created, store)
    try:
        if owner_of(folders) == folders.owner:
            if other := other_store(folders, store):
                return (
                    f"the folders of the trials of {spec.name!r} in {folders.root} are left, because they belong to "
                    f"the same study in the store {other}: remove them yourself if that one is gone"
                )
            shutil.rmtree(folders.root)
            remove_if_empty(Path(folders.root).parent, spec)
    except OSError as error:
        raise StoreError(
            f"the folder {folders.root}, in which trials kept what they saved, can't be removed ({error.strerror}): "
            "remove it yourself, and then the study"
        ) from error
    return ""


def beside(store: Store, kind: str) -> Path:
    """The folder beside the store's file for "trials" or "checkpoints", or a temporary one for both."""
    path = getattr(store, "path", None)
    if isinstance(path, Path):
        return _beside(path, kind)
    try:
        if store not in _temporary:
            _temporary[store] = TemporaryFolder("trials")
    except TypeError as error:
        raise UsageError(
            f"{store!r} has no file beside which trials could keep what they save: name a folder with "
            f"{'folders' if kind == 'trials' else kind}="
        ) from error
    return _temporary[store].path / kind


def _beside(store: Path, kind: str) -> Path:
    return store.with_name(f"{store.name}-{kind}")


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


def other_store(folders: TrialFolders, store: Store) -> str:
    """The file of the store to which the folders belong, if that isn't this one but one of which it is a copy.

    A store is known by its path, and where it was moved, by its file.
    """
    file, own = _store_mark(folders), _identity(folders, store)
    if own is None or not file.is_file():
        return ""
    path, _, number = file.read_text(encoding="utf-8", errors="replace").strip().rpartition(" ")
    return "" if path == own[0] or number == own[1] else path


def mark_folders(folders: TrialFolders, store: Store) -> None:
    """Say in the study's folder whose it is, and of which store."""
    folders.mark.parent.mkdir(parents=True, exist_ok=True)
    own = _identity(folders, store)
    # to write a file again would leave it empty where the disk is full
    if own is not None and (other_store(folders, store) or not _store_mark(folders).exists()):
        _store_mark(folders).write_text(" ".join(own), encoding="utf-8")
    if owner_of(folders) != folders.owner:
        folders.mark.write_text(folders.owner, encoding="utf-8")


def holds_nothing(folders: TrialFolders) -> bool:
    """Whether there is nothing in the study's folder but what says whose it is."""
    root = Path(folders.root)
    return not root.exists() or not set(root.iterdir()) - {folders.mark, _store_mark(folders)}


def _store_mark(folders: TrialFolders) -> Path:
    return Path(folders.root, ".store")


def _identity(folders: TrialFolders, store: Store) -> tuple[str, str] | None:
    """The path of a store's file, and the number of the file.

    None where it has no file, and where the folders are beside it, because they may be moved and copied together.
    """
    path = getattr(store, "path", None)
    if not isinstance(path, Path) or not path.exists() or Path(folders.root).parent == _beside(path, "trials"):
        return None
    found = path.stat()
    return str(path.resolve()), f"{found.st_dev}:{found.st_ino}"


def refuse_foreign(folders: TrialFolders, store: Store) -> None:
    """Raise `UsageError` for a folder that isn't this study's, for much of what is in it would be removed."""
    owner = owner_of(folders)
    if owner == folders.owner:
        other = other_store(folders, store)
        # one that is gone may be this one, in another place
        if not other or not Path(other).exists():
            return
        whose = f"holds the trials of this study in the store {other}, of which this one is a copy: remove either, take"
    elif owner:
        whose = "holds the trials of another study of this name: remove it if you don't need them, take"
    elif not holds_nothing(folders):
        whose = "holds what isn't from a study: take"
    else:
        return
    raise UsageError(f"{folders.root} {whose} another name, or name another place with folders=")


def remove_if_empty(folder: Path, spec: StudySpec) -> None:
    """Remove a folder that holds nothing any more, unless the user named it."""
    if not spec.folders and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
