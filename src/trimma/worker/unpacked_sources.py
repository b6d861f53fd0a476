"""The files of the driver's own modules on a worker's machine, where all agents of a user share them."""

import hashlib
import platform
import shutil
from pathlib import Path

from trimma.errors import EngineError
from trimma.pickling.source_archive import unpack
from trimma.worker import bundle
from trimma.worker.shared_files import VARIABLE, SharedCopy, own_folder


def unpacked_sources(program: Path) -> SharedCopy | None:
    """The folder with the modules that a program's file holds, until its `leave`; None if it holds none.

    Raises `EngineError` when the folder can't be written.
    """
    packed = bundle.sources(program)
    if not packed:
        return None
    folder = SharedCopy(own_folder("trimma-sources"), hashlib.sha256(packed).hexdigest())
    folder.use(lambda: _provide(folder, packed))
    return folder


def _provide(folder: SharedCopy, packed: bytes) -> None:
    if folder.path.exists():
        return
    shutil.rmtree(folder.part, ignore_errors=True)
    try:
        folder.part.mkdir(mode=0o700)
        unpack(packed, folder.part)
        folder.part.rename(folder.path)
    except OSError as error:
        raise EngineError(
            f"the driver's own modules can't be written to {folder.path.parent} on {platform.node()} "
            f"({error.strerror or error}): make room there, or name another folder with {VARIABLE}"
        ) from error
