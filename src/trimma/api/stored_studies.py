"""Stored studies: load one, list all, delete one."""

import os
import warnings
from pathlib import Path

from trimma.api.advice import how_to_remove
from trimma.api.arguments import STORE_VARIABLE, missing_store, store_of
from trimma.api.checkpoint_place import remove_checkpoints
from trimma.api.claim import reading_advised
from trimma.api.damaged_study import DamagedStudy
from trimma.api.study import Study
from trimma.api.trial_folders import remove_trial_folders
from trimma.errors import StoreError, StudyNotFound, UnknownName, UsageError
from trimma.events import StudyCreated
from trimma.loop import replay
from trimma.ports import Store


def load(name: str, store: str | Path | Store | None = None) -> Study:
    """Load a stored study by its name. An ablation is loaded as an `AblationStudy`.

    Raises `StudyNotFound`, which suggests the nearest name, `StoreError` for a study that can't be read, and
    `UsageError` for a name that isn't a text.
    """
    return _handle(_store_with(name, store), name)


def studies(store: str | Path | Store | None = None) -> list[Study]:
    """All studies of a store, oldest first; none where nobody has named a store, and there is none yet.

    One that can't be read doesn't hide the others: its ``status`` is "damaged", and whatever else is asked of it raises
    `StoreError`, which says what is wrong. Raises `StoreError` for a store that can't be read at all, and for one
    that is named, by ``store`` or ``TRIMMA_STORE``, and isn't there.
    """
    if missing := missing_store(store):
        if store is None and not os.environ.get(STORE_VARIABLE):
            return []
        raise StoreError(
            f"there is no store at {missing}: run a study first, or name another file with store= (in a shell --store) "
            f"or {STORE_VARIABLE}"
        )
    found = store_of(store)
    handles: list[Study] = []
    for name in found.studies():
        try:
            handles.append(_handle(found, name))
        except StoreError as error:
            handles.append(DamagedStudy(found, name, error))
    return handles


def delete(name: str, store: str | Path | Store | None = None) -> None:
    """Forget a stored study for good, with the folders of its trials. It may be one that can't be read.

    Raises `StudyNotFound` for an unknown name, `StudyBusy` while the study runs, and `StoreError` when it can't be
    removed. Folders that belong to another store, of which this one is a copy, are left, and a `RuntimeWarning` says
    so.
    """
    found = _store_with(name, store)
    with reading_advised(found, name):
        found.delete(name, lambda: _remove_folders(found, name))


def _remove_folders(store: Store, name: str) -> None:
    try:
        created = next(iter(store.read(name)), None)
    except StoreError:
        return  # nobody knows where its folders are
    # records of another study don't say where the folders of this one are
    if isinstance(created, StudyCreated) and created.spec.name == name:
        left = remove_trial_folders(created.spec, created.at, store)
        if left:
            warnings.warn(left, RuntimeWarning, stacklevel=5)
        remove_checkpoints(created.spec, created.at, store)


def _store_with(name: str, store: str | Path | Store | None) -> Store:
    """The store, which has a study of this name."""
    if not isinstance(name, str):
        raise UsageError(f"name={name!r}: a study is named by a text; tm.studies() lists those that there are")
    if missing := missing_store(store):
        raise StudyNotFound(
            f"there is no study {name!r}, for there is no store at {missing}: run a study first, work in the folder "
            f"where it was run, or name another file with store= (in a shell --store) or {STORE_VARIABLE}"
        )
    found = store_of(store)
    known = found.studies()
    if name not in known:
        raise StudyNotFound(str(UnknownName("study", name, known)))
    return found


def _handle(store: Store, name: str) -> Study:
    try:
        ledger = replay(store, name)
    except StoreError as error:
        raise StoreError(f"{error} (to remove it: {how_to_remove(name, store)})") from error
    if ledger.history.spec.kind == "search":
        return Study(store, ledger)
    # imported here only, because a search needs nothing of it
    from trimma.api.ablation_study import AblationStudy

    return AblationStudy(store, ledger)
