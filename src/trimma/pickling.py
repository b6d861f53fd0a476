"""Pickles Python objects, so that a process that doesn't have the user's files can use them.

Functions of ``__main__``, of notebooks and of modules that aren't installed are pickled by value.
"""

import io
import math
import pickle
import sys
import sysconfig
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, ClassVar, Protocol, TypeVar

import cloudpickle

from trimma.errors import ObjectiveError, TrimmaError

_OURS = __name__.partition(".")[0]


Out = Callable[[pickle.PickleBuffer], bool]
"""Called with each large buffer. True keeps the buffer in the pickle, False says that it travels separately."""


class Writes(Protocol):
    """Something that a pickle can be written to, such as a file."""

    def write(self, data: Any, /) -> int: ...


_Result = TypeVar("_Result")


class TooLarge(Exception):
    """A pickle is larger than its limit."""


def dumps(value: Any, limit: float = math.inf) -> bytes:
    """The pickle of ``value``.

    Raises `ObjectiveError`, which names what can't be pickled, and `TooLarge` as soon as the pickle is known to have
    more than ``limit`` bytes (default: no limit).
    """

    def attempt() -> bytes:
        capped = _Capped(limit)
        dump(value, capped, capped.admit)
        return capped.getvalue()

    return pickled(attempt)


def dump(value: Any, file: Writes, out: Out) -> None:
    """Try once to pickle ``value`` into ``file``. Call this through `pickled`."""
    _Pickler(file, protocol=5, buffer_callback=out).dump(value)


def _code_with_its_file(code: CodeType) -> Any:
    """How cloudpickle pickles code, with the name of its file, which cloudpickle leaves out from 3.1.3 on."""
    make, parts = cloudpickle.Pickler.dispatch_table[CodeType](code)
    return make, tuple(code.co_filename if part == "<dynamic-code>" else part for part in parts)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles code with the name of its file, so that tracebacks show where an objective failed."""

    dispatch_table: ClassVar[Mapping[type, Any]] = ChainMap(
        {CodeType: _code_with_its_file}, cloudpickle.Pickler.dispatch_table
    )


def pickled(attempt: Callable[[], _Result]) -> _Result:
    """The result of ``attempt``, which pickles something.

    It is called with the user's modules pickled by value, and if that fails, again with all modules by name. Raises
    `ObjectiveError` when both fail. Trimma's own errors, `TooLarge` and MemoryError pass through.
    """
    try:
        with _by_value(local_modules()):
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


def local_modules() -> list[ModuleType]:
    """The imported modules that aren't installed: the user's own files, which other processes may not have."""
    installed = [Path(path).resolve() for path in {*sysconfig.get_paths().values(), sys.base_prefix, sys.prefix}]
    found = []
    for name, module in list(sys.modules.items()):
        root = name.partition(".")[0]
        origin = getattr(module, "__file__", None)
        if root in (_OURS, "__main__") or not origin or not isinstance(module, ModuleType):
            continue
        path = Path(origin).resolve()
        if path.suffix == ".py" and not any(path.is_relative_to(place) for place in installed):
            found.append(module)
    return found


@contextmanager
def _by_value(modules: list[ModuleType]) -> Iterator[None]:
    registered = []
    try:
        for module in modules:
            if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
                cloudpickle.register_pickle_by_value(module)
                registered.append(module)
        yield
    finally:
        for module in registered:
            cloudpickle.unregister_pickle_by_value(module)
