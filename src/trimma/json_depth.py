"""How deeply JSON may be nested: what is nested deeper overruns the stack of whoever walks through it."""

import re

DEEPEST = 100
"""The most levels of lists and dicts in one record."""

SHALLOW = 2 * DEEPEST
"""A record of no more bytes is never nested too deeply, so that it need not be looked at."""

_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


def too_deep(record: bytes) -> bool:
    """Whether lists and dicts of a JSON record are nested deeper than `DEEPEST` levels."""
    if record.count(b"[") + record.count(b"{") <= DEEPEST:
        return False
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_TEXTS.sub(b"", record)):
        depth += 1 if bracket in b"[{" else -1
        if depth > deepest:
            deepest = depth
    return deepest > DEEPEST
