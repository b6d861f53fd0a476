"""A digest of ``data=``, by which a study that goes on notices that it is given other data than before."""

import hashlib
import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

_ALL = 2**28
"""The largest array in bytes of which all is read. Of a larger one, rows at equal distances are."""

_ENDS, _FEW = 2**20, 1000
"""How many bytes of a file, rows of a frame of which no more is read, and items of a list, are read at either end."""


def digest(data: Any) -> str:
    """A text that is the same for the same data in every process, and most likely another one for other data.

    Of what isn't known here, the type and the shape count. It is empty for None, and for what belongs to Spark, which
    other engines are given in another form.
    """
    if data is None or type(data).__module__.partition(".")[0] == "pyspark":
        return ""
    found = hashlib.blake2b(digest_size=16)
    for part in _parts(data):
        found.update(part)
    return found.hexdigest()


def _parts(data: Any) -> list[bytes]:
    kind = f"{type(data).__module__.partition('.')[0]}.{type(data).__name__}"
    if isinstance(data, Mapping):
        return [kind.encode(), *(part for item in islice(data.items(), _FEW) for each in item for part in _parts(each))]
    if isinstance(data, list | tuple):
        ends = data if len(data) <= 2 * _FEW else [*data[:_FEW], *data[-_FEW:]]
        return [f"{kind}{len(data)}".encode(), *(part for each in ends for part in _parts(each))]
    if isinstance(data, str | os.PathLike):
        return _text_or_file(data)
    if isinstance(data, bool | int | float | bytes):
        return [repr(data).encode()]
    described = f"{kind}{getattr(data, 'shape', '')}".encode()
    match kind:
        case "numpy.ndarray" | "numpy.memmap":
            return [described, str(data.dtype).encode(), *_array(data)]
        case "pandas.DataFrame" | "pandas.Series":
            return [described, *_pandas(data)]
        case "polars.DataFrame":
            return [described, repr([data.schema, data.head(_FEW).rows(), data.tail(_FEW).rows()]).encode()]
        case "polars.Series":
            return [described, repr([data.name, data.head(_FEW).to_list(), data.tail(_FEW).to_list()]).encode()]
        case "pyarrow.Table" | "pyarrow.RecordBatch":
            ends = (data.slice(0, _FEW), data.slice(max(0, data.num_rows - _FEW)))
            return [described, str(data.schema).encode(), repr([each.to_pydict() for each in ends]).encode()]
    return [described]


def _text_or_file(data: "str | os.PathLike[str]") -> list[bytes]:
    """A text itself; of a file its size and its ends, wherever it lies."""
    path = Path(os.fsdecode(data)).expanduser()
    try:
        if not path.is_file():
            return [os.fsencode(data)]
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_ENDS)
            file.seek(max(0, size - _ENDS))
            return [str(size).encode(), head, file.read(_ENDS)]
    except (OSError, ValueError):
        # no path, or none that can be read
        return [os.fsencode(data)]


def _array(data: Any) -> list[bytes]:
    if data.dtype.hasobject:
        return [repr(data.ravel()[:_FEW].tolist()).encode()]
    step = 1 + data.nbytes // _ALL
    return [data[::step].tobytes() if data.ndim else data.tobytes()]


def _pandas(data: Any) -> list[bytes]:
    import pandas as pd

    frame = data.to_frame() if data.ndim == 1 else data
    step = 1 + int(frame.memory_usage().sum()) // _ALL
    told = [repr([(name, str(kind)) for name, kind in zip(frame.columns, frame.dtypes, strict=True)]).encode()]
    for place in range(frame.shape[1]):
        try:
            column = pd.util.hash_pandas_object(frame.iloc[::step, place], index=False)
            told.append(column.to_numpy().tobytes())
        except TypeError:
            # values such as lists have no hash
            told.append(repr(frame.iloc[:_FEW, place].tolist()).encode())
    return told
