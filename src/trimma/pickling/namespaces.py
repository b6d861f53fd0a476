"""The globals of pickled functions: all functions of one module share one namespace where they are loaded."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import Any

MAIN = "__main__"

_main: ContextVar[dict[str, Any] | None] = ContextVar("trimma_main", default=None)


class Globals:
    """Takes the place of a module's globals in a pickle. When it is loaded, it is the globals of that module there."""

    def __init__(self, module: str) -> None:
        self.module = module

    def __reduce__(self) -> tuple[Callable[[str], dict[str, Any]], tuple[str]]:
        return _globals_here, (self.module,)


class Defined:
    """Functions and classes of ``__main__`` by name. They are asked for when this is pickled, which must be last."""

    def __init__(self, named: Callable[[], dict[str, Any]]) -> None:
        self._named = named

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[list[tuple[str, Any]]]]:
        return dict, (list(self._named().items()),)


class WithMain:
    """A value, and after it the ``__main__`` that it refers to. When this is loaded, it is the value alone."""

    def __init__(self, value: Any, defined: Defined, facts: Defined, main: Globals) -> None:
        self._parts = value, defined, facts, main

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _with_main, self._parts


@contextmanager
def loading_into(main: dict[str, Any]) -> Iterator[None]:
    """While this is open, what was in the ``__main__`` of a pickle's writer is put into ``main``.

    Otherwise each pickle that is loaded gets a new namespace for it, since the ``__main__`` of this process is another.
    """
    token = _main.set(main)
    try:
        yield
    finally:
        _main.reset(token)


def main_here() -> dict[str, Any]:
    """The namespace into which a pickle is loaded now; a new one if none was named."""
    main = _main.get()
    return {"__name__": MAIN} if main is None else main


def facts_of(main: Mapping[str, Any]) -> dict[str, Any]:
    """What else a script knows of itself: its file, its package, its documentation, and its name after ``-m``."""
    facts = {name: main[name] for name in ("__file__", "__package__", "__doc__") if name in main}
    if (spec := main.get("__spec__")) is not None:
        facts["__spec__"] = spec.name
    return facts


def _globals_here(module: str) -> dict[str, Any]:
    return main_here() if module == MAIN else vars(import_module(module))


def _with_main(value: Any, defined: dict[str, Any], facts: dict[str, Any], main: dict[str, Any]) -> Any:
    main.update(facts)
    if isinstance(name := facts.get("__spec__"), str):
        # processes that an objective spawns import the module by this name
        main["__spec__"] = ModuleSpec(name, None, origin=facts.get("__file__"))
    main.update(defined)
    return value
