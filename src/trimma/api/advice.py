"""Advice that can be followed to the letter: it names the store, the engine, and the program as it was started."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from trimma.api.arguments import DEFAULT_STORE, STORE_VARIABLE
from trimma.ports import Engine, Store
from trimma.registry import names
from trimma.safe_text import safe

_NEEDS_SETTINGS = ("simulated",)  # no engine of this kind can be made by its name alone


def how_to_resume(name: str, store: Store, engine: Engine | None = None) -> str:
    """How to go on with a study, in words: in Python, and in a shell where that is possible too.

    ``engine`` is the one that ran it, or None where that isn't known.
    """
    kind = type(engine).__name__.lower()
    keyword: str
    options: tuple[str, ...] | None
    if engine is None or kind == "local":
        keyword, options = "", ()
    elif kind in names("engine") and kind not in _NEEDS_SETTINGS:
        keyword, options = f"engine={kind!r}", ("--engine", kind)
    else:
        keyword, options = "engine=...", None
    in_python = f"{how_to_load(name, store)}.resume({keyword})"
    if options is None or _file_of(store) is None:
        return in_python
    return f"{in_python}, or: {command('resume', name, *options, store=store)}"


def how_to_remove(name: str, store: Store) -> str:
    """How to forget a study, in words: in a shell, or in Python where the store has no file."""
    return f"tm.delete({name!r}, store=...)" if _file_of(store) is None else command("rm", name, store=store)


def how_to_load(name: str, store: Store, module: str = "tm") -> str:
    """The call that loads a study, as it is written in Python."""
    file = _file_of(store)
    if file is None:
        return f"{module}.load({name!r}, store=...)"
    return f"{module}.load({name!r})" if _is_default(file) else f"{module}.load({name!r}, store={str(file)!r})"


def command(*words: str, store: Store | None = None) -> str:
    """A command line for this program, as it is written in a shell. It names the store unless that is the default."""
    file = None if store is None else _file_of(store)
    options = () if file is None or _is_default(file) else ("--store", str(file))
    return safe(f"{program()} {shlex.join([*words, *options])}")


def program() -> str:
    """How the command line is started here: as it was started, or else as it can be found."""
    started = Path(sys.argv[0] if sys.argv else "")
    if started.name == "__main__.py" and started.parent.name == "trimma":
        return f"{shlex.quote(sys.orig_argv[0])} -m trimma"
    found = shutil.which("trimma")
    if started.name == "trimma":
        typed_without_a_path = found is not None and Path(found).absolute() == started.absolute()
        return "trimma" if typed_without_a_path else shlex.quote(str(started))
    return "trimma" if found is not None else f"{shlex.quote(sys.executable)} -m trimma"


def _file_of(store: Store) -> Path | None:
    """The file of a store that is one, for only such a store can be named in a shell."""
    path = getattr(store, "path", None)
    return path if isinstance(path, Path) else None


def _is_default(file: Path) -> bool:
    return file == Path(os.environ.get(STORE_VARIABLE) or DEFAULT_STORE).expanduser().absolute()
