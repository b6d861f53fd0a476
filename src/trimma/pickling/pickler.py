"""Pickles Python objects, with the functions and classes that a script or a notebook defines.

What ``__main__`` defines is pickled by value, and so are functions that have no name in their module, such as closures.
All functions of ``__main__`` share one namespace where they are loaded. What modules define is pickled by name.
"""

import functools
import io
import math
import pickle
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, ClassVar, Protocol, TypeVar

import cloudpickle
from cloudpickle.cloudpickle import _make_skeleton_class

from trimma.errors import ObjectiveError, TrimmaError
from trimma.pickling import functools_objects
from trimma.pickling.code_objects import DISPATCH_TABLE
from trimma.pickling.local_modules import is_importable, local_modules
from trimma.pickling.namespaces import MAIN, Defined, Globals, WithMain, facts_of
from trimma.pickling.own_in_each_process import Anew, anew

Out = Callable[[pickle.PickleBuffer], bool]
"""Called with each large buffer. True keeps the buffer in the pickle, False says that it travels separately."""


class Writes(Protocol):
    """Something that a pickle can be written to, such as a file."""

    def write(self, data: Any, /) -> int: ...


DEFINITIONS = (type, FunctionType, functools._lru_cache_wrapper)

_Result = TypeVar("_Result")


class TooLarge(Exception):
    """A pickle is larger than its limit."""


def dumps(value: Any, limit: float = math.inf) -> bytes:
    """The pickle of ``value``, as `dumped` makes it."""
    return dumped(value, limit)[0]


def dumped(value: Any, limit: float = math.inf) -> "tuple[bytes, Pickler]":
    """The pickle of ``value``, and its pickler, which knows what the pickle refers to.

    Raises `ObjectiveError`, which names what can't be pickled, and `TooLarge` as soon as the pickle is known to have
    more than ``limit`` bytes (default: no limit).
    """

    def attempt() -> tuple[bytes, Pickler]:
        capped = _Capped(limit)
        pickler = dump(value, capped, capped.admit)
        return capped.getvalue(), pickler

    return pickled(attempt)


def dump(value: Any, file: Writes, out: Out) -> "Pickler":
    """Try once to pickle ``value`` into ``file``. Call this through `pickled`.

    The pickler that is returned knows which modules the pickle refers to.
    """
    pickler = Pickler(file, out)
    pickler.dump(WithMain(value, Defined(pickler.defined), Defined(pickler.facts), pickler.main_globals))
    return pickler


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Notes what it meets: the names of ``modules``, and the functions and classes of ``__main__``.

    ``delivered`` are the names of ``__main__`` that the pickle holds, and ``functions`` those that it holds by value.
    """

    dispatch_table: ClassVar[Mapping[type, Any]] = DISPATCH_TABLE

    def __init__(self, file: Writes, out: Out) -> None:
        super().__init__(file, protocol=5, buffer_callback=out)
        self.modules: set[str] = set()
        self.functions: list[FunctionType] = []
        self.main_globals = Globals(MAIN)
        self.delivered: set[str] = set()
        self._main: dict[str, Any] | None = None
        self._anew: dict[int, Anew] = {}
        self._met: list[Any] = []  # functions and classes

    @property
    def main(self) -> dict[str, Any]:
        """The namespace that counts as ``__main__``.

        It is that of the first function of a ``__main__`` that was met: that of this process, or that of another
        process, of which something was loaded.
        """
        return vars(sys.modules[MAIN]) if self._main is None else self._main

    def defined(self) -> dict[str, Any]:
        """The functions and classes that were met and have names in ``__main__``."""
        main = self.main
        found = {name: met for met in self._met if main.get(name := str(met.__name__)) is met}
        self.delivered |= found.keys()
        return found

    def facts(self) -> dict[str, Any]:
        """What the script knows of itself, if anything of it was met."""
        return facts_of(self.main) if self._met else {}

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, ModuleType):
            self.modules.add(value.__name__)
        elif isinstance(value, DEFINITIONS):
            home = getattr(value, "__module__", None)
            if home == MAIN:
                self._met.append(value)
            elif isinstance(home, str):
                self.modules.add(home)
        made = functools_objects.reduced(value) or super().reducer_override(value)
        if isinstance(value, type) and isinstance(made, tuple) and made[0] is _make_skeleton_class:
            # without this, classes that are defined within others aren't found again by their names
            made[1][3]["__qualname__"] = value.__qualname__
        return made

    def _dynamic_function_reduce(self, function: FunctionType) -> Any:
        """How cloudpickle pickles a function by value. Here the function gets the globals of its module, if it can."""
        self.functions.append(function)
        home = self._home(function.__globals__)
        if home is not None:
            self.globals_ref.setdefault(id(function.__globals__), home)
        made = super()._dynamic_function_reduce(function)
        told = made[2][1]
        if home is self.main_globals:
            self.delivered |= told["__globals__"].keys()
            told["__globals__"] = {name: self._own(value) for name, value in told["__globals__"].items()}
        elif home is not None:
            # these it finds in its module
            told["__globals__"] = {}
        return made

    def _own(self, value: Any) -> Any:
        """The value of a global of ``__main__``, or what stands for it if each process has its own."""
        if id(value) not in self._anew:
            found = anew(value)
            if found is None:
                return value
            self._anew[id(value)] = found
        return self._anew[id(value)]

    def _home(self, namespace: dict[str, Any]) -> Globals | None:
        if (known := self.globals_ref.get(id(namespace))) is not None:
            return known if isinstance(known, Globals) else None
        name = namespace.get("__name__")
        if name == MAIN and self._main is None:
            self._main = namespace
            return self.main_globals
        module = sys.modules.get(name) if isinstance(name, str) else None
        if name == MAIN or module is None or vars(module) is not namespace or module.__spec__ is None:
            return None
        return None if name in cloudpickle.list_registry_pickle_by_value() else Globals(str(name))


def pickled(attempt: Callable[[], _Result]) -> _Result:
    """The result of ``attempt``, which pickles something.

    It is called with those of the user's modules pickled by value that nobody can import, such as the modules of
    pytest, and if that fails, again with all modules by name. Raises
    `ObjectiveError` when both fail. Trimma's own errors, `TooLarge` and MemoryError pass through.
    """
    try:
        with _by_value(_without_a_file_to_import()):
            return attempt()
    except (TrimmaError, TooLarge, MemoryError):
        raise
    except Exception as by_value:  # noqa: BLE001 - a user's __reduce__ may raise anything
        # a local module may hold something that can't be pickled (a lock, an open file): then it is sent by name
        try:
            return attempt()
        except (TrimmaError, TooLarge, MemoryError):
            raise
        except Exception:  # noqa: BLE001
            why = str(by_value).rstrip(".")
            hint = " One that uses Spark by itself runs with engine=tm.Driver()." if "Spark" in why else ""
            raise ObjectiveError(
                "the objective (or its data) can't be sent to a worker, because it holds something that can't be "
                f"pickled: {why}. Open files, locks, connections and the like must be made inside the objective.{hint}"
            ) from by_value


class _Capped(io.BytesIO):
    """A file in memory that raises `TooLarge` when it would grow over a limit in bytes."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self._room = limit

    def write(self, data: Any, /) -> int:
        self._take(memoryview(data).nbytes)
        return super().write(data)

    def admit(self, buffer: pickle.PickleBuffer) -> bool:
        """Keep a buffer in the pickle. A buffer that is too large by itself is refused before it is copied."""
        if buffer.raw().nbytes > self._room:
            raise TooLarge
        return True

    def _take(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise TooLarge


def loads(pickled: bytes) -> Any:
    """The object of a pickle that `dumps` made. This runs code, so load only what you trust."""
    return pickle.loads(pickled)


def _without_a_file_to_import() -> list[ModuleType]:
    """The local modules that can't be imported by their names, such as those that pytest has loaded."""
    return [
        module
        for name, module in local_modules().items()
        if str(getattr(module, "__file__", "")).endswith(".py") and not is_importable(name, module)
    ]


_registering = threading.Lock()
_registered: Counter[ModuleType] = Counter()
"""How many pickles are being made, in other threads too, for which a module is registered with cloudpickle."""


@contextmanager
def _by_value(modules: list[ModuleType]) -> Iterator[None]:
    held: list[ModuleType] = []
    try:
        with _registering:
            for module in modules:
                if not _registered[module]:
                    if module.__name__ in cloudpickle.list_registry_pickle_by_value():
                        continue  # by the user, whose it stays
                    cloudpickle.register_pickle_by_value(module)
                _registered[module] += 1
                held.append(module)
        yield
    finally:
        with _registering:
            for module in held:
                _registered[module] -= 1
                if not _registered[module]:
                    del _registered[module]
                    cloudpickle.unregister_pickle_by_value(module)
