"""Where a study's checkpoints are, and what can be done with the files there."""

import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from trimma.checkpoint import CheckpointPlace
from trimma.checkpoint_files.local_files import LocalFiles
from trimma.errors import UsageError


class Files(Protocol):
    """The files of all checkpoints of a study, by the names of the checkpoints, such as ``3/step-9-attempt-1``."""

    def save(self, name: str, write: Callable[[Path], Any]) -> int:
        """Have ``write`` fill an empty folder, and keep it under this name, all of it or nothing. Returns its bytes."""
        ...

    def fetched(self, name: str) -> AbstractContextManager[Path]:
        """A local folder with the files, as long as the context lasts. Raises `Damaged` unless they are as written."""
        ...

    def remove(self, name: str) -> None:
        """Remove a checkpoint, and what a `save` that was cut off has left of it, if it is there."""
        ...

    def names(self) -> Iterator[str]:
        """The names of all checkpoints, and of those that were cut off while they were written."""
        ...

    def clear(self) -> None:
        """Remove all."""
        ...

    def read_mark(self) -> str:
        """The text of the mark, empty where there is none."""
        ...

    def write_mark(self, text: str) -> None:
        """Say whose checkpoints these are."""
        ...


def files_at(root: str) -> Files:
    """The files at ``root``, which is the path of a folder, or an address that fsspec knows, such as ``s3://...``.

    For an address, raises `MissingExtra` without fsspec, and `UsageError` where fsspec doesn't know it or lacks a
    package for it.
    """
    if "://" not in root:
        return LocalFiles(Path(root))
    from trimma.checkpoint_files.fsspec_files import FsspecFiles

    return FsspecFiles(root)


def shared_files(place: CheckpointPlace) -> Files:
    """The files at a study's place. Raises `UsageError` on a machine that doesn't see them."""
    files = files_at(place.root)
    if files.read_mark() != place.owner:
        raise UsageError(
            f"the worker on {platform.node()} doesn't see {place.root}, where checkpoints are kept: name a place that "
            "all machines share, with checkpoints="
        )
    return files
