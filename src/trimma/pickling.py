"""Python objects to bytes, so that another process can run them without having the user's files.

Functions of ``__main__``, of notebooks and of modules that aren't installed are pickled by value.
"""

import pickle
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle

from trimma.errors import ObjectiveError

_OURS = __name__.partition(".")[0]


def dumps(value: Any) -> bytes:
    """The pickle of ``value``; `ObjectiveError` names what in it can't be pickled."""
    try:
        with _by_value(local_modules()):
            return bytes(cloudpickle.dumps(value))
    except Exception as by_value:  # noqa: BLE001 - a user's __reduce__ may raise anything
        # a local module may hold what can't be copied (a lock, an open file): then its name must do
        try:
            return bytes(cloudpickle.dumps(value))
        except Exception:  # noqa: BLE001
            raise ObjectiveError(
                "the objective (or its data) can't be sent to a worker, because it holds something that can't be "
                f"pickled: {str(by_value).rstrip('.')}. Open files, locks, connections and the like must be made "
                "inside the objective."
            ) from by_value


def loads(pickled: bytes) -> Any:
    """The object of a pickle that `dumps` made: run only what you trust."""
    return pickle.loads(pickled)


def local_modules() -> list[ModuleType]:
    """The imported modules that aren't installed: the user's own files, which no other process need have."""
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
