"""How objects of `functools` are pickled by value, which pickle and cloudpickle can't do."""

import functools
from types import FunctionType
from typing import Any

import cloudpickle.cloudpickle as by_value

_SINGLE_DISPATCH = functools.singledispatch(lambda value: value).__code__  # type: ignore[attr-defined]

Reduced = tuple[Any, ...]


def reduced(value: Any) -> Reduced | None:
    """What makes ``value`` anew, as `__reduce__` would tell it; None for what is pickled in another way.

    Functions with a cache begin with an empty one.
    """
    if isinstance(value, functools._lru_cache_wrapper):
        return None if is_found_by_name(value) else (_cached, (value.__wrapped__, value.cache_parameters()))
    if type(value) is functools.cached_property:
        return functools.cached_property, (value.func,), {"attrname": value.attrname}
    if type(value) is FunctionType and value.__code__ is _SINGLE_DISPATCH and not is_found_by_name(value):
        kinds = dict(value.registry)  # type: ignore[attr-defined]
        return functools.singledispatch, (kinds.pop(object),), kinds, None, None, _register
    return None


def is_found_by_name(value: Any) -> bool:
    """Whether a function or class is an attribute of a module that other processes can import."""
    found = by_value._lookup_module_and_qualname(value)
    return found is not None and not by_value._is_registered_pickle_by_value(found[0])


def _cached(function: Any, parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)


def _register(dispatching: Any, kinds: dict[type, Any]) -> None:
    for kind, function in kinds.items():
        dispatching.register(kind, function)
