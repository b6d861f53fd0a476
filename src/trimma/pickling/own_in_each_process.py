"""What each process has its own of, although a script makes it once: locks, and variables of a thread or a context."""

import contextvars
import threading
from typing import Any

_Made = tuple[Any, tuple[Any, ...]]


class Anew:
    """Takes the place of such an object in a pickle. When it is loaded, it is a new one of its kind."""

    def __init__(self, made: _Made) -> None:
        self._made = made

    def __reduce__(self) -> _Made:
        return self._made


def anew(value: Any) -> Anew | None:
    """What a process has in place of another's ``value``; None for what is the same in all processes."""
    kind = type(value)
    if kind is type(threading.Lock()):
        return Anew((threading.Lock, ()))
    if kind is type(threading.RLock()):
        return Anew((threading.RLock, ()))
    if kind is threading.local:
        return Anew((threading.local, ()))
    if kind is contextvars.ContextVar:
        return Anew((_variable, (value.name, *_default(value))))
    return None


def _default(variable: "contextvars.ContextVar[Any]") -> tuple[Any, ...]:
    try:
        return (contextvars.Context().run(variable.get),)
    except LookupError:
        return ()


def _variable(name: str, *default: Any) -> "contextvars.ContextVar[Any]":
    return contextvars.ContextVar(name, default=default[0]) if default else contextvars.ContextVar(name)
