"""Columns in the names of folders, as in ``year=2024/part-0.parquet``, where ``partitionBy`` of Spark puts them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, unquote

from trimma.ablation.tables.table import most_frequent

_NOTHING = "__HIVE_DEFAULT_PARTITION__"


def folder_columns(part: PurePath) -> dict[str, str | None]:
    """The columns in the folders of a file, by name, with their values. ``part`` is its path within the table."""
    found: dict[str, str | None] = {}
    for folder in part.parent.parts:
        name, equals, value = folder.partition("=")
        if equals and name:
            found[unquote(name)] = None if value == _NOTHING else unquote(value)
    return found


def typical_value(values: Iterable[tuple[str | None, int]]) -> str | None:
    """The most frequent value, of values with their numbers of rows; None where all lack.

    Readers of such folders take values for categories, and a mean would be of another type.
    """
    counts: dict[str, int] = {}
    for value, rows in values:
        if value is not None:
            counts[value] = counts.get(value, 0) + rows
    found: str | None = most_frequent(counts.items())
    return found


def moved(part: PurePath, dropped: Sequence[str] | frozenset[str], filled: Mapping[str, Any]) -> PurePath:
    """The path of a file without the folders of the columns ``dropped``, and with the values ``filled`` in others.

    Files of several folders then lie in one. So the names of the folders that change go into the name of the file.
    """
    folders, before = [], []
    for folder in part.parent.parts:
        name = unquote(folder.partition("=")[0])
        if "=" not in folder or (name not in dropped and name not in filled):
            folders.append(folder)
            continue
        before.append(folder)
        if name in filled:
            value = _NOTHING if filled[name] is None else quote(str(filled[name]), safe=" ")
            folders.append(f"{folder.partition('=')[0]}={value}")
    return PurePath(*folders, "-".join([*(folder.replace("=", "_") for folder in before), part.name]))
