"""The rest of ``__main__``: what a program doesn't refer to, but may find by its name, as when it loads a pickle.

It travels beside the program, and is loaded only when somebody asks for it.
"""

import io
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import PurePath
from types import FunctionType
from typing import Any

from trimma.pickling.namespaces import MAIN, loading_into, main_here
from trimma.pickling.pickler import DEFINITIONS, Pickler, TooLarge

LIMIT = 2**20
"""The most bytes that travel in this way."""

_PATIENCE = 1.0
_PLAIN = (bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset, PurePath)
_OF_SHELLS = ("In", "Out", "exit", "quit", "get_ipython")


def rest_of_main(program: Pickler) -> bytes:
    """The pickle of a dict: functions, classes and plain values of ``__main__`` that the program doesn't refer to.

    What can't be pickled is left out, and what hasn't been looked at after a second.
    """
    rest = {
        name: value
        for name, value in list(program.main.items())
        if not (name in program.delivered or name.startswith("_") or name in _OF_SHELLS) and _may_travel(value)
    }
    if not rest:
        return b""
    if (pickled := _dumped(program, rest)) is not None:
        return pickled
    until = time.monotonic() + _PATIENCE
    alone = {
        name: value
        for name, value in rest.items()
        if time.monotonic() < until and _dumped(program, {name: value}) is not None
    }
    return _dumped(program, alone) or b""


def on_request(rest: bytes, main: dict[str, Any]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` for ``main``, which loads the rest when a name is asked for that isn't there."""
    waiting = [rest] if rest else []

    def find(name: str) -> Any:
        if waiting and not name.startswith("_"):
            with loading_into(main):
                found = pickle.loads(waiting.pop())
            for each, value in found.items():
                main.setdefault(each, value)
        if name not in main:
            raise AttributeError(f"module {MAIN!r} has no attribute {name!r}")
        return main[name]

    return find


def _may_travel(value: Any) -> bool:
    if isinstance(value, DEFINITIONS):
        return getattr(value, "__module__", None) == MAIN
    return value is None or isinstance(value, (*_PLAIN, *_namespaces()))


def _namespaces() -> tuple[type, ...]:
    """The class of parsed arguments. Where its module isn't loaded there are none, and workers needn't load it."""
    return () if "argparse" not in sys.modules else (sys.modules["argparse"].Namespace,)


def _dumped(program: Pickler, value: Any) -> bytes | None:
    file = _Limited()
    try:
        _Rest(program, file).dump(value)
    except Exception:  # noqa: BLE001 - a value's own way to be pickled may raise anything
        return None
    return file.getvalue()


class _Limited(io.BytesIO):
    def write(self, data: Any, /) -> int:
        if self.tell() + memoryview(data).nbytes > LIMIT:
            raise TooLarge
        return super().write(data)


class _Rest(Pickler):
    """Pickles what comes after a program, and refers to what has travelled with it by name."""

    def __init__(self, program: Pickler, file: io.BytesIO) -> None:
        super().__init__(file, lambda buffer: True)
        self._main, self._known = program.main, program.delivered
        self.globals_ref[id(self._main)] = self.main_globals

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, DEFINITIONS) and getattr(value, "__module__", None) == MAIN:
            name = getattr(value, "__name__", "")
            if name in self._known and self.main.get(name) is value:
                return _of_main, (name,)
        return super().reducer_override(value)

    def _dynamic_function_reduce(self, function: FunctionType) -> Any:
        made = super()._dynamic_function_reduce(function)
        told = made[2][1]
        told["__globals__"] = {name: value for name, value in told["__globals__"].items() if name not in self._known}
        return made


def _of_main(name: str) -> Any:
    return main_here()[name]
