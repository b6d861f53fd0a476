"""Tables in files: the objective gets the path of a copy from which the columns are removed."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from trimma.ablation.tables.csv_format import CsvFormat
from trimma.ablation.tables.folder_columns import folder_columns, moved, typical_value
from trimma.ablation.tables.parquet_format import ParquetFormat
from trimma.ablation.tables.shared_copies import shared_copy
from trimma.ablation.tables.table import Group, Shuffle
from trimma.errors import UsageError


class Format(Protocol):
    """A format of files.

    The values that replace a column are made for all files of a table at once. `write` then takes them in order, as it
    is called for one file after another.
    """

    def names(self, path: Path) -> list[str]:
        """The names of the columns. Only the part of the file that holds them is read."""
        ...

    def rows(self, path: Path) -> int:
        """The number of rows."""
        ...

    def typical(self, parts: Sequence[Path], members: Sequence[str]) -> dict[str, Any]:
        """As `Table.typical`."""
        ...

    def constant(self, value: Any) -> Any:
        """What `write` takes in place of a column, so that it has the same ``value`` in all rows."""
        ...

    def shuffled(self, parts: Sequence[Path], groups: Sequence[Group], shuffle: Shuffle) -> dict[str, Any]:
        """For each column of the ``groups``, what `write` takes in its place, so that its values are shuffled."""
        ...

    def write(self, source: Path, target: Path, dropped: frozenset[str], replaced: Mapping[str, Any]) -> None:
        """Copy a file without the columns ``dropped``, and with other values in the columns ``replaced``."""
        ...


_CSV, _PARQUET = CsvFormat(), ParquetFormat()
_FORMATS: dict[str, Format] = {
    ".parquet": _PARQUET,
    ".pq": _PARQUET,
    ".csv": _CSV,
    ".tsv": _CSV,
    ".csv.gz": _CSV,
    ".tsv.gz": _CSV,
}


class FileTable:
    """The path of a Parquet or CSV file, or of a folder with such files, which are parts of one table.

    A copy is written to the folder for temporary files, or to ``TRIMMA_CACHE`` if that is set. All trials on a machine
    that leave out the same columns read the same copy. Columns that stand in the names of folders only, such as
    ``year=2024/``, are columns like others, but can't be permuted, and have their most frequent value for a mean.
    """

    def names(self, data: Any) -> Sequence[str]:
        first = parts_of(_root(data))[0]
        return list(dict.fromkeys([*_format(first).names(first), *self.in_folders(data)]))

    def in_folders(self, data: Any) -> Sequence[str]:
        """The columns that stand in the names of folders only."""
        first = parts_of(_root(data))[0]
        inside = set(_format(first).names(first))
        return [name for name in _in_folders(_root(data), first) if name not in inside]

    def dropped(self, data: Any, members: Sequence[str]) -> Any:
        return _copied(data, ("drop", *members), lambda form, parts: (frozenset(members), {}), dropped=members)

    def permuted(self, data: Any, groups: Sequence[Group], shuffle: Shuffle) -> Any:
        return _copied(
            data,
            ("permute", *groups, shuffle.seed),
            lambda form, parts: (frozenset(), form.shuffled(parts, groups, shuffle)),
            owner=shuffle.seed,
        )

    def typical(self, data: Any, members: Sequence[str]) -> dict[str, Any]:
        root = _root(data)
        parts, outside = parts_of(root), [name for name in self.in_folders(data) if name in members]
        form, found = _format(parts[0]), {}
        if outside:
            rows = [form.rows(part) for part in parts]
            values = [_in_folders(root, part) for part in parts]
            for name in outside:
                found[name] = typical_value((each.get(name), count) for each, count in zip(values, rows, strict=True))
        inside = [name for name in members if name not in outside]
        return (form.typical(parts, inside) if inside else {}) | found

    def filled(self, data: Any, values: Mapping[str, Any]) -> Any:
        outside = self.in_folders(data)
        return _copied(
            data,
            ("mean", *values.items()),
            lambda form, parts: (
                frozenset(),
                {name: form.constant(value) for name, value in values.items() if name not in outside},
            ),
            filled={name: value for name, value in values.items() if name in outside},
        )


def is_file(data: "str | os.PathLike[str]") -> bool:
    """Whether ``data`` is the path of a table. Raises `UsageError` for a path of this form that doesn't exist."""
    path = _root(data)
    try:
        if _suffix(path):
            if not path.exists():
                raise UsageError(
                    f"there is no file {str(data)!r} here: give its whole path, or, for a table that is elsewhere, a "
                    "function that reads it"
                )
            return True
        return path.is_dir() and bool(_inside(path))
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        # no path can have this text
        return False


def parts_of(root: Path) -> list[Path]:
    """The files of a table, in the order of their names."""
    if root.is_file():
        return [root]
    inside = _inside(root)
    suffixes = {_suffix(path) for path in inside}
    if len(suffixes) != 1:
        found = f"files of several kinds ({', '.join(sorted(suffixes))})" if suffixes else "no Parquet and no CSV file"
        raise UsageError(f"the folder {root} holds {found}: give one that holds the parts of one table")
    return inside


def _in_folders(root: Path, part: Path) -> dict[str, str | None]:
    return folder_columns(part.relative_to(root))


def _root(data: Any) -> Path:
    return Path(os.fsdecode(data)).expanduser()


def _inside(folder: Path) -> list[Path]:
    # Spark and others leave marks such as _SUCCESS and .part.crc
    return sorted(
        path
        for path in folder.rglob("*")
        if _suffix(path)
        and not any(name.startswith(("_", ".")) for name in path.relative_to(folder).parts)
        and path.is_file()
    )


def _suffix(path: Path) -> str:
    fitting = [suffix for suffix in _FORMATS if path.name.lower().endswith(suffix)]
    return max(fitting, key=len, default="")


def _format(path: Path) -> Format:
    return _FORMATS[_suffix(path)]


def _copied(
    data: Any,
    what: tuple[Any, ...],
    edit: Callable[[Format, list[Path]], tuple[frozenset[str], dict[str, Any]]],
    owner: int | None = None,
    dropped: Sequence[str] = (),
    filled: Mapping[str, Any] | None = None,
) -> Any:
    """The path of a copy, of the same type as ``data``. With an ``owner``, each trial gets its own copy.

    ``dropped`` and ``filled`` are columns, some of which may stand in the names of folders.
    """
    root = Path(os.path.abspath(_root(data)))  # noqa: PTH100 - a link keeps its own name
    parts = parts_of(root)
    states = [(str(part), part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
    key = hashlib.blake2b(repr((str(root), states, what)).encode("utf-8", "surrogateescape"), digest_size=16)

    def write(folder: Path) -> None:
        form = _format(parts[0])
        gone, replaced = edit(form, parts)
        for part in parts:
            target = folder / root.name / moved(part.relative_to(root), dropped, filled or {})
            target.parent.mkdir(parents=True, exist_ok=True)
            form.write(part, target, gone, replaced)

    path = shared_copy(key.hexdigest(), write, owner) / root.name
    return str(path) if isinstance(data, str) else path
