"""The local modules: the user's own files, which are installed nowhere, or installed from where they are edited."""

import os
import sys
from collections.abc import Callable
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

_NEVER = frozenset({__name__.partition(".")[0], "__main__", "__mp_main__", "pyspark", "py4j"})
_INSTALLED = ("site-packages", "dist-packages")


def local_modules() -> dict[str, ModuleType]:
    """The local modules that this process has imported, by name."""
    return {name: module for name, module in list(sys.modules.items()) if is_local(name, module)}


def is_local(name: str, module: Any) -> bool:
    """Whether a loaded module is local."""
    if root_of(name) in _NEVER or not isinstance(module, ModuleType):
        return False
    origin = getattr(module, "__file__", None)
    if origin is None and (places := list(getattr(module, "__path__", ()))):
        origin = places[0]  # a package without __init__.py
    return isinstance(origin, str) and is_local_place(origin, root_of(name))


def root_of(name: str) -> str:
    """The name of the outermost package of a module."""
    return name.partition(".")[0]


@cache
def is_local_place(origin: str, root: str) -> bool:
    """Whether a file or folder of the package ``root`` belongs neither to Python nor to an installed distribution."""
    path = Path(os.path.realpath(origin))
    if not path.exists() or any(part in _INSTALLED for part in path.parts):
        return False
    import sysconfig

    standard = (sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib"))
    if any(path.is_relative_to(os.path.realpath(place)) for place in standard):
        return False
    parts = path.parts
    folder = Path(*parts[: len(parts) - parts[::-1].index(root) - 1]) if root in parts else path.parent
    return not _is_distributed(folder, root)


def _is_distributed(folder: Path, root: str) -> bool:
    """Whether a distribution was installed into this folder, as with ``pip install --target``, that has the package."""
    return any(
        line.startswith((f"{root}/", f"{root}.py,"))
        for record in folder.glob("*.dist-info/RECORD")
        for line in record.read_text(encoding="utf-8").splitlines()
    )


def is_importable(name: str, module: ModuleType) -> bool:
    """Whether ``import`` finds the file of a loaded module by its name, so that another process will find it too."""
    parent = name.rpartition(".")[0]
    if parent and not (parent in sys.modules and is_importable(parent, sys.modules[parent])):
        return False
    found = find(name)
    if found is None:
        return False
    origin = getattr(module, "__file__", None)
    if not isinstance(origin, str) or found.origin is None:
        # packages without __init__.py
        return list(getattr(module, "__path__", ())) == list(found.submodule_search_locations or ())
    return os.path.realpath(found.origin) == os.path.realpath(origin)


def find(name: str) -> ModuleSpec | None:
    """Where a module would be imported from, whatever has been imported by now. None where it isn't found."""
    parent = sys.modules.get(name.rpartition(".")[0])
    path = getattr(parent, "__path__", None)
    if "." in name and path is None:
        return None
    for finder in sys.meta_path:
        look_up: Callable[..., ModuleSpec | None] | None = getattr(finder, "find_spec", None)
        if look_up is not None and (found := look_up(name, path)) is not None:
            return found
    return None
