"""The values of local modules, such as settings that a script has changed after it imported them.

Workers import local modules anew. What a module's globals hold at the driver is then put in place of what they hold
there, where the two differ. So a worker's modules are as those of the driver were when the study was started.
"""

import functools
import io
import pickle
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from trimma.pickling.local_modules import is_importable, local_modules, root_of
from trimma.pickling.namespaces import MAIN

if TYPE_CHECKING:
    # not at run time, because it takes a worker some milliseconds of its start
    from importlib.abc import Loader

LIMIT = 16 * 2**20
"""Values whose pickle has more bytes are not sent."""

Values = Mapping[str, Mapping[str, bytes]]

_DEFINITIONS = (FunctionType, BuiltinFunctionType, type, functools._lru_cache_wrapper)


def values_of(roots: Iterable[str]) -> dict[str, dict[str, bytes]]:
    """The values in the globals of all loaded modules of the packages ``roots``, pickled one by one.

    What can't be pickled by name, such as a lock, is left out: each process has its own.
    """
    chosen = set(roots)
    return {
        name: found
        for name, module in local_modules().items()
        if root_of(name) in chosen and is_importable(name, module) and (found := _pickled_values(module))
    }


def _pickled_values(module: ModuleType) -> dict[str, bytes]:
    return {
        name: pickled
        for name, value in list(vars(module).items())
        if not (name.startswith("__") or _is_its_own(value, module)) and (pickled := _pickled(value)) is not None
    }


def _is_its_own(value: Any, module: ModuleType) -> bool:
    """Whether a value is a module, or defined by this one. What others have put into it is neither."""
    if isinstance(value, _DEFINITIONS):
        return getattr(value, "__module__", None) == module.__name__
    return isinstance(value, ModuleType)


def _pickled(value: Any) -> bytes | None:
    """The pickle of a value; None if it can't be pickled, or is too large."""
    file = _Limited()
    try:
        pickle.Pickler(file, protocol=5).dump(value)
    except Exception:  # noqa: BLE001 - a value's own way to be pickled may raise anything
        return None
    return file.getvalue()


class _Limited(io.BytesIO):
    def write(self, data: Any, /) -> int:
        if self.tell() + memoryview(data).nbytes > LIMIT:
            raise ValueError("too large")
        return super().write(data)


class ValuesOnImport:
    """Finds modules as the other finders do. When one is imported, the driver's values are put into it.

    Values that refer to ``__main__`` wait for `settle`, which is called when all that it defines is there.
    """

    def __init__(self, values: Values) -> None:
        self._values = dict(values)
        self._waiting: list[tuple[ModuleType, Mapping[str, bytes]]] | None = []

    def put(self, module: ModuleType, values: Mapping[str, bytes]) -> None:
        """Put the driver's values into a module that has just been imported."""
        if self._waiting is not None:
            late = {name: pickled for name, pickled in values.items() if MAIN.encode() in pickled}
            self._waiting.append((module, late))
            values = {name: pickled for name, pickled in values.items() if name not in late}
        restore(module, values)

    def settle(self) -> None:
        """Put in place what waits, and let nothing wait from now on."""
        waiting, self._waiting = self._waiting or [], None
        for module, values in waiting:
            restore(module, values)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._values:
            return None
        for finder in sys.meta_path:
            if finder is self or (look_up := getattr(finder, "find_spec", None)) is None:
                continue
            spec: ModuleSpec | None = look_up(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    loader = _RestoringLoader(spec.loader, self, self._values.pop(fullname))
                    spec.loader = cast("Loader", loader)
                return spec
        return None


class _RestoringLoader:
    """Loads a module as ``loader`` does, and then has values put into it. Afterwards it is nowhere to be seen."""

    def __init__(self, loader: "Loader", finder: ValuesOnImport, values: Mapping[str, bytes]) -> None:
        self._loader, self._finder, self._own_values = loader, finder, values

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._finder.put(module, self._own_values)


def restore(module: ModuleType, values: Mapping[str, bytes]) -> None:
    """Give the globals of a module these values where they differ.

    Dicts, lists, sets and objects with attributes are changed in place, because other modules may hold them, too.
    """
    own = vars(module)
    for name, pickled in values.items():
        if name in own and _pickled(own[name]) == pickled:
            continue
        try:
            value = pickle.loads(pickled)
        except Exception as error:  # noqa: BLE001 - a value's own way to be loaded may raise anything
            warnings.warn(
                f"{module.__name__}.{name} isn't what it is at the driver: that value can't be loaded here "
                f"({type(error).__name__}: {error})",
                RuntimeWarning,
                stacklevel=2,
            )
            continue
        if name not in own or not _changed_in_place(own[name], value):
            own[name] = value


def _changed_in_place(own: Any, value: Any) -> bool:
    """Make ``own`` equal to ``value`` without a new object. Returns whether that can be done."""
    if type(own) is not type(value):
        return False
    if type(own) in (dict, set):
        own.clear()
        own.update(value)
    elif type(own) is list:
        own[:] = value
    elif _is_its_attributes(own):
        vars(own).clear()
        vars(own).update(vars(value))
    else:
        return False
    return True


def _is_its_attributes(value: Any) -> bool:
    """Whether an object is nothing but its attributes: it has no slots, and no pickle of its own."""
    special = {"__slots__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"}
    kinds = type(value).__mro__[:-1]
    return hasattr(value, "__dict__") and not any(
        kind.__module__ == "builtins" or special & vars(kind).keys() for kind in kinds
    )
