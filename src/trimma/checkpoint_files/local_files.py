"""Checkpoints in a folder of this machine, or in one that several machines share."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trimma.checkpoint_files.seal import SEAL, Damaged, check, decoded, seal_of, write_seal
from trimma.trial_folders import MARK

PARTIAL = ".partial"
"""The ending of the folder of a checkpoint that isn't complete yet."""


class LocalFiles:
    """A checkpoint is a folder, which is written under another name and then renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, name: str, write: Callable[[Path], Any]) -> int:
        folder = self._root / name
        partial = folder.with_name(folder.name + PARTIAL)
        partial.mkdir(parents=True)
        try:
            write(partial)
            seal = seal_of(partial)
            write_seal(partial, seal)
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return seal.size

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        folder = self._root / name
        try:
            seal = decoded((folder / SEAL).read_bytes())
            check(folder, seal)
        except OSError as error:
            raise Damaged(f"it can't be read ({error.strerror})") from error
        yield folder

    def remove(self, name: str) -> None:
        folder = self._root / name
        for path in (folder, folder.with_name(folder.name + PARTIAL)):
            if path.exists():
                shutil.rmtree(path)
        if folder.parent.exists() and not any(folder.parent.iterdir()):
            folder.parent.rmdir()

    def names(self) -> Iterator[str]:
        found = {path.relative_to(self._root).as_posix().removesuffix(PARTIAL) for path in self._root.glob("*/*")}
        return iter(sorted(found))

    def clear(self) -> None:
        if self._root.exists():
            shutil.rmtree(self._root)

    def read_mark(self) -> str:
        mark = self._root / MARK
        return mark.read_text(encoding="utf-8", errors="replace") if mark.is_file() else ""

    def write_mark(self, text: str) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        (self._root / MARK).write_text(text, encoding="utf-8")
