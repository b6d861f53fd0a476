"""The files of the driver's own modules on a worker's machine, where all agents of a user share them."""

import hashlib
import platform
import shutil

from trimma.errors import EngineError
from trimma.pickling.source_archive import restore, unpack
from trimma.worker import bundle
from trimma.worker.shared_files import VARIABLE, SharedCopy, own_folder

_NAME = "trimma-sources"


def unpacked_sources(program: int) -> SharedCopy | None:
    """The folder with the modules that a program's file holds, until its `leave`; None if it holds none.

    ``program`` is the file's descriptor. Raises `EngineError` when the folder can't be written.
    """
    packed = bundle.sources(program)
    if not packed:
        return None
    folder = SharedCopy(own_folder(_NAME), hashlib.sha256(packed).hexdigest())
    folder.use(lambda: _provide(folder, packed))
    restore_sources(folder, program)
    return folder


def restore_sources(folder: SharedCopy, program: int) -> None:
    """Write those files again that somebody has swept out of the folder while it was in use.

    Raises `EngineError` when they can't be written.
    """
    own_folder(_NAME)
    try:
        restore(bundle.sources(program), folder.path)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _provide(folder: SharedCopy, packed: bytes) -> None:
    if folder.path.exists():
        return
    shutil.rmtree(folder.part, ignore_errors=True)
    try:
        folder.part.mkdir(mode=0o700)
        unpack(packed, folder.part)
        folder.part.rename(folder.path)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: SharedCopy, error: OSError) -> EngineError:
    return EngineError(
        f"the driver's own modules can't be written to {folder.path.parent} on {platform.node()} "
        f"({error.strerror or error}): make room there, or name another folder with {VARIABLE}"
    )
