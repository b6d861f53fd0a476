"""Finds and replaces the tables within ``data=``, which may be nested in dicts, lists and tuples."""

import copy
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeGuard


def is_table_factory(data: Any, *, alone: bool) -> TypeGuard[Callable[..., Any]]:
    """Whether ``data`` is a function that makes tables. ``alone`` says that it is all of the argument ``data=``.

    Within dicts, lists and tuples only plain functions count, because other objects can be called too.
    """
    if inspect.isclass(data) or not callable(data) or not (alone or inspect.isroutine(data) or type(data) is partial):
        return False
    return alone or not required_arguments(data)


def required_arguments(factory: Callable[..., Any]) -> list[str]:
    """The names of the arguments without which ``factory`` can't be called."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return []
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in parameters if each.default is each.empty and each.kind not in variable]


def is_bunch(data: Any) -> bool:
    """Whether ``data`` is what scikit-learn's loaders return. The texts in it are no paths."""
    return type(data).__name__ == "Bunch" and type(data).__module__.startswith("sklearn.")


def leaves(data: Any) -> Iterator[Any]:
    """The values within nested dicts, lists and tuples; for anything else, the thing itself."""
    if isinstance(data, dict):
        for each in data.values():
            if not (is_bunch(data) and isinstance(each, str)):
                yield from leaves(each)
    elif isinstance(data, list | tuple):
        for each in data:
            yield from leaves(each)
    else:
        yield data


def map_leaves(data: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of nested dicts, lists and tuples in which each leaf is replaced by ``change(leaf)``."""
    if isinstance(data, dict):
        texts = {key for key, value in data.items() if is_bunch(data) and isinstance(value, str)}
        items = {key: value if key in texts else map_leaves(value, change) for key, value in data.items()}
        if type(data) is dict:
            return items
        own = copy.copy(data)
        own.update(items)
        return own
    if isinstance(data, list | tuple):
        parts = [map_leaves(each, change) for each in data]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)
    return change(data)
