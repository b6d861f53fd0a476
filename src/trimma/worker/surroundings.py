"""What surrounds a program at its driver, and is put in place at each worker before the program is loaded."""

import os
import platform
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from trimma.pickling.module_values import ValuesOnImport, values_of
from trimma.pickling.namespaces import MAIN
from trimma.pickling.pickler import Pickler
from trimma.pickling.reached_modules import reached_roots
from trimma.pickling.rest_of_main import on_request, rest_of_main
from trimma.pickling.source_archive import SCRIPT, archive
from trimma.worker.driver_settings import DriverSettings, adopt, settings_here


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder, and what tells whether the folder of that name is the same one: the machine and the file system."""

    path: str
    machine: str
    device: int
    inode: int


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The script's arguments, the working directory, settings, and the local modules that the program can reach.

    ``values`` are the modules' own values, pickled. ``sources`` is the archive of their files, for workers that may be
    on other machines; empty where the workers have the files.
    """

    arguments: list[str]
    folder: Folder | None = None
    settings: DriverSettings = DriverSettings()
    values: dict[str, dict[str, bytes]] = {}
    rest_of_main: bytes = b""
    sources: bytes = b""


def surroundings_of(program: Pickler, *, elsewhere: bool) -> Surroundings:
    """The surroundings in this process of the program that was pickled.

    ``elsewhere`` says that workers may be on other machines. Raises `ObjectiveError` when the local modules are too
    large to be sent there.
    """
    roots = reached_roots(program.modules, program.functions)
    return Surroundings(
        arguments=[str(argument) for argument in sys.argv],
        folder=_folder_here(),
        settings=settings_here(),
        values=values_of(roots),
        rest_of_main=rest_of_main(program),
        sources=archive(roots, program.facts().get("__file__")) if elsewhere else b"",
    )


def enter(surroundings: Surroundings) -> dict[str, Any]:
    """Put the surroundings in place in this process, whose ``__main__`` is then new. Returns its namespace."""
    sys.argv[:] = surroundings.arguments
    folder = surroundings.folder
    if folder is not None and folder == _described(folder.path):
        os.chdir(folder.path)
    sys.meta_path.insert(0, ValuesOnImport(surroundings.values))
    module = sys.modules[MAIN] = ModuleType(MAIN)
    main = vars(module)
    main["__getattr__"] = on_request(surroundings.rest_of_main, main)
    return main


def settle(surroundings: Surroundings, sources: Path | None) -> None:
    """Put in place what waits until the program is loaded. ``sources`` are the driver's own files, if any."""
    for finder in sys.meta_path:
        if isinstance(finder, ValuesOnImport):
            finder.settle()
    adopt(surroundings.settings)
    if sources is not None:
        _find_script(sources)


def _find_script(sources: Path) -> None:
    """Say that the script lies in the folder of the driver's own files, if it isn't where it was at the driver."""
    main = sys.modules[MAIN]
    file = getattr(main, "__file__", None)
    if isinstance(file, str) and not Path(file).exists():
        main.__file__ = str(sources / SCRIPT / Path(file).name)


def _folder_here() -> Folder | None:
    try:
        return _described(str(Path.cwd()))
    except FileNotFoundError:
        return None  # it has been removed


def _described(path: str) -> Folder | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return Folder(path=path, machine=_machine(), device=found.st_dev, inode=found.st_ino)


def _machine() -> str:
    """What tells a machine from another, and from itself before it was started again, as far as that can be known."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{platform.node()} {boot.read_text(encoding='ascii').strip() if boot.exists() else ''}"
