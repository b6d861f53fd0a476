"""A study as a table for other tools: a data frame, CSV, JSON or Parquet."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Any, Literal, cast

from trimma.errors import MissingExtra, UnknownName, UsageError
from trimma.ports import History
from trimma.views import table
from trimma.views.table import columns_of

Format = Literal["csv", "json", "parquet"]
FORMATS = ("csv", "json", "parquet")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four are wide forms
SETTINGS = ("place.", "config.")  # with these begin the columns in which None is a value


def to_pandas(rows: Sequence[Mapping[str, Any]], names: Sequence[str] | None = None) -> Any:
    """Make a `pandas.DataFrame` of the rows of `trimma.views.table`.

    ``names`` are the columns, which an empty table needs. What a row lacks is missing (`pandas.NA`), and None is None.
    Whole numbers and booleans stay what they are, also in a column where some are missing. Raises `MissingExtra`
    without pandas.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtra("pandas", "pandas", "to_pandas()") from error
    listed = list(dict.fromkeys(name for row in rows for name in row)) if names is None else list(names)
    return pd.DataFrame({name: _series(pd, rows, name) for name in listed}, columns=listed)


def _series(pd: Any, rows: Sequence[Mapping[str, Any]], name: str) -> Any:
    held = [row[name] for row in rows if name in row]
    kinds = {type(value) for value in held}
    if name.startswith(SETTINGS) and type(None) in kinds:
        kind: Any = object
    elif len(held) == len(rows):
        kind = None  # pandas knows best
    elif kinds == {float}:
        return pd.Series([row.get(name, math.nan) for row in rows])
    elif kinds == {bool}:
        kind = "boolean"
    elif kinds == {int} and all(-(2**63) <= value < 2**63 for value in held):
        kind = "Int64"
    else:
        kind = None if kinds == {str} else object
    return pd.Series([row.get(name, pd.NA) for row in rows], dtype=kind if rows else object)


def export(history: History, target: str | PathLike[str] | IO[Any], format: Format | None = None) -> None:  # noqa: A002
    """Write the rows of `trimma.views.table` to a path (in UTF-8) or to an open stream, which stays open.

    ``format`` is taken from the ending of the path by default. For a stream it must be given: CSV and JSON are written
    as text, Parquet as bytes. NaN and infinity are written as ``nan``, ``inf`` and ``-inf`` (as strings in JSON), as
    they are in stored studies. Tuples are written as lists. Lists and dicts are written as JSON text in CSV and in
    Parquet, and so are all values of a Parquet column that holds values of several kinds.

    A place that a trial's config lacks is an empty field in CSV, left out in JSON, and null in Parquet. One that is
    None is ``null``, as JSON has it. Anything else that a trial lacks, such as its value, is an empty field in CSV and
    null elsewhere.

    In CSV, texts that a spreadsheet would run as a formula, because they begin with ``=``, ``+``, ``-``, ``@``, a tab
    or a carriage return, are written with an apostrophe before them.

    Raises `UnknownName` for an unknown format, `UsageError` for a missing format or a stream of the wrong kind, and
    `MissingExtra` for Parquet without pyarrow.
    """
    if isinstance(target, str | PathLike):
        path = Path(target)
        if format is None and not path.suffix:
            raise UsageError(
                f"export to {str(path)!r}: say in which format: end the name in .csv, .json or .parquet, or give "
                "format='csv' (on the command line, --format csv)"
            )
        _to_path(history, path, _known(format or path.suffix.removeprefix(".").lower()))
        return
    if format is None:
        raise UsageError(f"export to a stream needs format=, one of {', '.join(FORMATS)}")
    _to_stream(history, target, _known(format))


def _known(format_: str) -> Format:
    if format_ not in FORMATS:
        raise UnknownName("export format", format_, FORMATS)
    return cast(Format, format_)


def _to_path(history: History, path: Path, format_: Format) -> None:
    if format_ == "parquet":
        _parquet(history, str(path))
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        _to_stream(history, stream, format_)


def _to_stream(history: History, stream: IO[Any], format_: Format) -> None:
    try:
        stream.write(b"" if format_ == "parquet" else "")
    except TypeError as error:
        wanted, mode = ("bytes", "wb") if format_ == "parquet" else ("text", "w")
        raise UsageError(f"format={format_!r} is {wanted}: open the stream with mode {mode!r}") from error
    if format_ == "parquet":
        _parquet(history, stream)
    elif format_ == "csv":
        _csv(history, stream)
    else:
        json.dump([_strings(row) for row in table(history)], stream, indent=1, allow_nan=False, ensure_ascii=False)
        stream.write("\n")


def _csv(history: History, stream: IO[str]) -> None:
    rows = table(history)
    names = columns_of(rows)
    writer = csv.writer(_Lines(stream), lineterminator="\r\n")
    writer.writerow(map(_harmless, names))
    for row in rows:
        writer.writerow(
            _harmless(_as_text(row[name]) if _is_json(name, row[name]) else row[name]) if name in row else ""
            for name in names
        )


class _Lines:
    """Ends lines with a newline alone. The writer quotes a carriage return only if lines end with one."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        self._stream.write(line.removesuffix("\r\n") + "\n")


def _harmless(value: Any) -> Any:
    """The value of a cell, with an apostrophe before a text that a spreadsheet would run as a formula."""
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value  # a number as text, such as an option "-1"


def _parquet(history: History, target: str | IO[bytes]) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet", "export to parquet") from error
    rows = table(history)
    data = {name: pa.array(_one_kind(rows, name)) for name in columns_of(rows)}
    pq.write_table(pa.table(data), target)


def _one_kind(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """The values of a column, all of one kind, or else all as JSON text; None where a row lacks the column."""
    held = [row[name] for row in rows if name in row]
    kinds = {type(value) for value in held if value is not None}
    too_large = int in kinds and not all(-(2**63) <= value < 2**63 for value in held if type(value) is int)
    if too_large or any(_is_json(name, value) for value in held) or (len(kinds) > 1 and kinds != {int, float}):
        lacking = not name.startswith(SETTINGS)
        return [_as_text(row[name]) if name in row and not (lacking and row[name] is None) else None for row in rows]
    values = [row.get(name) for row in rows]
    return [None if value is None else float(value) for value in values] if len(kinds) == 2 else values


def _is_json(name: str, value: Any) -> bool:
    """Whether the value of a column is written as JSON text: nested ones are, and settings that are None."""
    return _nested(value) or (value is None and name.startswith(SETTINGS))


def _nested(value: Any) -> bool:
    return isinstance(value, list | tuple | Mapping)


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _strings(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with NaN and infinity as strings, as the codec writes them, because JSON has neither."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
