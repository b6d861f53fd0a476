"""Checkpoints behind an address that fsspec knows, such as those of S3, HDFS or Azure.

Such places can't rename a folder at once, and some can't rename at all. So the files of a checkpoint are written first
and its seal last. One without a seal doesn't count.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trimma.checkpoint_files.seal import SEAL, Damaged, check, decoded, encoded, seal_of
from trimma.errors import MissingExtra, UsageError
from trimma.folders.temporary_folder import TemporaryFolder
from trimma.trial_folders import MARK


class FsspecFiles:
    """A checkpoint is written to a local folder and uploaded, and downloaded to one to be read.

    Raises `MissingExtra` without fsspec, and `UsageError` for an address that it doesn't know, or for which it needs
    another package.
    """

    def __init__(self, root: str) -> None:
        try:
            from fsspec.core import url_to_fs  # type: ignore[import-untyped, unused-ignore]
        except ImportError as error:
            raise MissingExtra("fsspec", "fsspec", f"checkpoints at {root}") from error
        try:
            self._fs, self._root = url_to_fs(root)
        except (ImportError, ValueError) as error:
            # fsspec names the package that it lacks
            raise UsageError(f"checkpoints={root!r}: {error}") from error

    def save(self, name: str, write: Callable[[Path], Any]) -> int:
        with TemporaryFolder("checkpoint") as folder:
            local = _inside(folder)
            write(local)
            seal = seal_of(local)
            for file in seal.names:
                target = f"{self._root}/{name}/{file}"
                self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
                self._fs.put_file(str(local / file), target)
            self._fs.makedirs(f"{self._root}/{name}", exist_ok=True)
            self._fs.pipe_file(f"{self._root}/{name}/{SEAL}", encoded(seal))
        return seal.size

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        with TemporaryFolder("checkpoint") as folder:
            local = _inside(folder)
            try:
                seal = decoded(self._fs.cat_file(f"{self._root}/{name}/{SEAL}"))
                for file in seal.names:
                    (local / file).parent.mkdir(parents=True, exist_ok=True)
                    self._fs.get_file(f"{self._root}/{name}/{file}", str(local / file))
            except FileNotFoundError as error:
                raise Damaged(f"a file of it is missing ({error})") from error
            check(local, seal)
            yield local

    def remove(self, name: str) -> None:
        path = f"{self._root}/{name}"
        if self._fs.exists(path):
            # the seal first, so that what is half removed doesn't count
            if self._fs.exists(f"{path}/{SEAL}"):
                self._fs.rm_file(f"{path}/{SEAL}")
            self._fs.rm(path, recursive=True)

    def names(self) -> Iterator[str]:
        found = self._fs.find(self._root, maxdepth=None) if self._fs.exists(self._root) else []
        inside = (path[len(self._root) :].strip("/").split("/") for path in found)
        return iter(sorted({"/".join(parts[:2]) for parts in inside if len(parts) > 2}))

    def clear(self) -> None:
        if self._fs.exists(self._root):
            self._fs.rm(self._root, recursive=True)

    def read_mark(self) -> str:
        mark = f"{self._root}/{MARK}"
        found: bytes = self._fs.cat_file(mark) if self._fs.exists(mark) else b""
        return found.decode(errors="replace")

    def write_mark(self, text: str) -> None:
        self._fs.makedirs(self._root, exist_ok=True)
        self._fs.pipe_file(f"{self._root}/{MARK}", text.encode())


def _inside(folder: Path) -> Path:
    """An empty folder in a temporary one, which has a mark in it."""
    local = folder / "checkpoint"
    local.mkdir()
    return local
