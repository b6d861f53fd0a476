"""Tuples in JSON and msgpack, which know lists only: they are marked on the way there, and restored on the way back.

``(1, 2)`` is marked as ``{"()": [1, 2]}``. A dict that has ``"()"`` as its only key is written as
``{"()": {"()": ...}}``, so that it isn't taken for a tuple.
"""

from typing import Any

_MARK = "()"
_MARK_IN_JSON = b'"()"'
_SCALARS = frozenset({str, int, float, bool, type(None)})


def mark_tuples(value: Any) -> Any:
    """The plain value with all its tuples marked. What has nothing to mark is returned as it is, not as a copy.

    >>> mark_tuples({"sizes": (8, 8), "rate": 0.1})
    {'sizes': {'()': [8, 8]}, 'rate': 0.1}
    """
    if not _needs_marks(value):
        return value
    if isinstance(value, tuple):
        return {_MARK: [mark_tuples(item) for item in value]}
    if isinstance(value, list):
        return [mark_tuples(item) for item in value]
    if isinstance(value, dict):
        marked = {key: mark_tuples(item) for key, item in value.items()}
        return {_MARK: marked} if marked.keys() == {_MARK} else marked
    return value


def _needs_marks(value: Any) -> bool:
    if isinstance(value, tuple):
        return True
    if isinstance(value, dict):
        if _MARK in value:
            return True
        value = value.values()
    elif not isinstance(value, list):
        return False
    # asked for each config, and few hold anything but scalars
    return any(type(item) not in _SCALARS and _needs_marks(item) for item in value)


def may_hold_marks(record: bytes) -> bool:
    """Whether there may be marks in a JSON text. If not, there is nothing to restore in what is read from it."""
    return _MARK_IN_JSON in record


def restore_tuples(value: Any) -> Any:
    """The inverse of `mark_tuples`. Lists and dicts are copied.

    >>> restore_tuples({"sizes": {"()": [8, 8]}, "rate": 0.1})
    {'sizes': (8, 8), 'rate': 0.1}
    """
    if isinstance(value, list):
        return [restore_tuples(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_MARK}:
        inner = value[_MARK]
        if isinstance(inner, list):
            return tuple(restore_tuples(item) for item in inner)
        value = inner if isinstance(inner, dict) else value
    return {key: restore_tuples(item) for key, item in value.items()}
