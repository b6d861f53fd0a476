"""Pickles code with the name of its file, so that tracebacks show where an objective failed."""

from collections import ChainMap
from collections.abc import Mapping
from types import CodeType
from typing import Any

import cloudpickle


def _code_with_its_file(code: CodeType) -> Any:
    """How cloudpickle pickles code, with the name of its file, which cloudpickle leaves out from 3.1.3 on."""
    make, parts = cloudpickle.Pickler.dispatch_table[CodeType](code)
    return make, tuple(code.co_filename if part == "<dynamic-code>" else part for part in parts)


DISPATCH_TABLE: Mapping[type, Any] = ChainMap({CodeType: _code_with_its_file}, cloudpickle.Pickler.dispatch_table)
