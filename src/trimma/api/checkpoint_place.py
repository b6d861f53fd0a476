"""Where a study's checkpoints are, and how all of them are removed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from trimma.api.arguments import seconds, whole
from trimma.api.folder_keeper import keep_of
from trimma.api.trial_folders import beside, file_name, owner_text
from trimma.checkpoint import CheckpointPlace, Checkpoints
from trimma.checkpoint_files import Damaged, files_at
from trimma.errors import StoreError, StudyError, UsageError
from trimma.ports import History, Store
from trimma.spec import StudySpec
from trimma.trial import Trial


def checkpoints_of(given: Any) -> Checkpoints:
    """The user's settings, checked. A text or a path is the place. Raises `UsageError` for what makes no sense."""
    if given is None:
        return Checkpoints()
    rules = given if isinstance(given, Checkpoints) else Checkpoints(place=_place(given))
    keep_of(rules.keep)
    return replace(
        rules,
        place=_place(rules.place) if rules.place else "",
        every_steps=None if rules.every_steps is None else whole("every_steps", rules.every_steps),
        every_seconds=None if rules.every_seconds is None else seconds("every_seconds", rules.every_seconds),
    )


def _place(given: Any) -> str:
    if not isinstance(given, str | Path) or not str(given):
        raise UsageError(f"checkpoints={given!r} must be a folder, an address like 's3://...', or tm.Checkpoints(...)")
    place = str(given)
    if "://" not in place:
        return str(Path(place).expanduser().absolute())
    files_at(place)  # an address that nobody knows is refused at once
    return place.rstrip("/")


def checkpoint_place(spec: StudySpec, created: float, store: Store, *, required: bool = False) -> CheckpointPlace:
    """Where the checkpoints of a study are.

    That is at the place that the user named, or with the folders of trials if these have a named place, or beside the
    store. ``created`` is when the study was created. ``required`` says that the scheduler pauses trials.
    """
    rules, name = spec.checkpoints, file_name(spec.name)
    if rules.place:
        root = f"{rules.place}/{name}"
    elif spec.folders:
        root = str(Path(spec.folders, f"{name}-checkpoints"))
    else:
        root = str(beside(store, "checkpoints") / name)
    return CheckpointPlace(
        root=root,
        owner=owner_text(spec, created),
        every_steps=rules.every_steps,
        every_seconds=rules.every_seconds,
        at_end=keep_of(rules.keep) != 0,
        required=required,
    )


def clear(place: CheckpointPlace, spec: StudySpec) -> None:
    """Remove all that is at the place, and the folder beside the store once it holds no other study's checkpoints."""
    files_at(place.root).clear()
    folder = Path(place.root).parent
    if not spec.checkpoints.place and not spec.folders and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def remove_checkpoints(spec: StudySpec, created: float, store: Store) -> None:
    """Remove all checkpoints of a study. Raises `StoreError` when they can't be removed."""
    place = checkpoint_place(spec, created, store)
    try:
        if files_at(place.root).read_mark() == place.owner:
            clear(place, spec)
    except OSError as error:
        raise StoreError(
            f"{place.root}, where trials kept their checkpoints, can't be removed ({error.strerror}): remove it "
            "yourself, and then the study"
        ) from error


@contextmanager
def fetched(trial: Trial, history: History, store: Store) -> Iterator[Path]:
    """A folder with the last checkpoint of a trial. Raises `StudyError` when there is none, or when it is damaged."""
    place = checkpoint_place(history.spec, history.created, store)
    if not trial.checkpoints:
        raise StudyError(f"trial {trial.id} has saved no checkpoint: give report(...) a function to save with")
    with ExitStack() as held:
        try:
            folder = held.enter_context(files_at(place.root).fetched(trial.checkpoints[-1].name))
        except Damaged as error:
            raise StudyError(
                f"trial {trial.id} has kept no checkpoint that can be read in {place.root} ({error}): say which trials "
                "keep theirs, with checkpoints=tm.Checkpoints(keep=...)"
            ) from error
        yield folder
