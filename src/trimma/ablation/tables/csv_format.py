"""CSV files, edited as text, so that columns which don't change stay as they are written."""

import csv
import gzip
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import IO, Any, cast

from trimma.ablation.tables.table import Group, Shuffle, most_frequent
from trimma.errors import UsageError

_MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A")
) | {"NA", "NULL", "NaN", "None", "n/a", "nan", "null"}
"""The texts that count as missing values, as they do in pandas."""

_MARK = "\ufeff"


class CsvFormat:
    """CSV files whose first line holds the names of the columns.

    Values are separated by commas, semicolons, tabs or bars, and the file may be compressed by gzip. Columns are named
    as pandas names them: a second column ``a`` is ``a.1``, and the first column without a name is ``Unnamed: 0``.
    """

    def names(self, path: Path) -> list[str]:
        return _layout(path).names

    def rows(self, path: Path) -> int:
        return sum(1 for _ in _rows(path, _layout(path)))

    def typical(self, parts: Sequence[Path], members: Sequence[str]) -> dict[str, Any]:
        return {member: _typical(column) for member, column in _columns(parts, members).items()}

    def constant(self, value: Any) -> Iterator[str]:
        return repeat(value)

    def shuffled(self, parts: Sequence[Path], groups: Sequence[Group], shuffle: Shuffle) -> dict[str, Any]:
        columns = _columns(parts, [member for _, members in groups for member in members])
        for component, members in groups:
            for member in members:
                column = columns[member]
                columns[member] = [column[row] for row in shuffle.order(component, len(column)).tolist()]
        return {member: iter(column) for member, column in columns.items()}

    def write(self, source: Path, target: Path, dropped: frozenset[str], replaced: Mapping[str, Any]) -> None:
        layout = _layout(source)
        kept = [place for place, name in enumerate(layout.names) if name not in dropped]
        streams = [(place, replaced[name]) for place, name in enumerate(layout.names) if name in replaced]
        with _opened(target, "wt") as file:
            file.write(_MARK if layout.marked else "")
            writer = csv.writer(file, delimiter=layout.delimiter, lineterminator=layout.terminator)
            writer.writerow([layout.header[place] for place in kept])
            for row in _rows(source, layout):
                for place, stream in streams:
                    row[place] = next(stream)
                writer.writerow([row[place] for place in kept])


@dataclass(frozen=True, kw_only=True)
class _Layout:
    header: list[str]
    names: list[str]
    delimiter: str
    terminator: str
    marked: bool


def _opened(path: Path, mode: str) -> IO[str]:
    # bytes that aren't UTF-8 are written as they were read
    if path.name.lower().endswith(".gz"):
        return cast("IO[str]", gzip.open(path, mode, encoding="utf-8", errors="surrogateescape", newline=""))
    return cast("IO[str]", path.open(mode, encoding="utf-8", errors="surrogateescape", newline=""))


def _layout(path: Path) -> _Layout:
    with _opened(path, "rt") as file:
        line = file.readline()
        outside = re.sub('"[^"]*"?', "", line)
        # the comma, unless another is more frequent
        delimiter = "\t" if ".tsv" in path.name.lower() else max(",;\t|", key=outside.count)
        file.seek(0)
        marked = line.startswith(_MARK)
        if marked:
            file.read(1)
        header = next((row for row in csv.reader(file, delimiter=delimiter) if row), [])
    if not header:
        raise UsageError(f"{path} is empty, where a first line with the names of columns was expected")
    return _Layout(
        header=header,
        names=_named(header),
        delimiter=delimiter,
        terminator="\r\n" if line.endswith("\r\n") else "\n",
        marked=marked,
    )


def _named(header: Sequence[str]) -> list[str]:
    names: list[str] = []
    taken: Counter[str] = Counter()
    for place, text in enumerate(header):
        name = base = text or f"Unnamed: {place}"
        while name in names or (name != base and name in header):
            taken[base] += 1
            name = f"{base}.{taken[base]}"
        names.append(name)
    return names


def _rows(path: Path, layout: _Layout) -> Iterator[list[str]]:
    """The rows below the header, each as long as the header. Empty lines are skipped."""
    width = len(layout.header)
    with _opened(path, "rt") as file:
        if layout.marked:
            file.read(1)
        reader = csv.reader(file, delimiter=layout.delimiter)
        try:
            rows = (row for row in reader if row)
            next(rows, None)
            for row in rows:
                if len(row) > width:
                    # readers disagree about the column that the first value of such a row belongs to
                    raise UsageError(
                        f"line {reader.line_num} of {path} has {len(row)} values under {width} names: give each column "
                        "a name, or pass a function that reads the file"
                    )
                yield row + [""] * (width - len(row))
        except csv.Error as error:
            raise UsageError(
                f"line {reader.line_num} of {path} can't be read ({error}): pass a function that reads the file"
            ) from error


def _columns(parts: Sequence[Path], members: Sequence[str]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {member: [] for member in members}
    for part in parts:
        layout = _layout(part)
        if lacking := [member for member in members if member not in layout.names]:
            raise UsageError(f"{part} has no column {lacking[0]!r}, which the table's first file has")
        places = [(layout.names.index(member), values) for member, values in columns.items()]
        for row in _rows(part, layout):
            for place, values in places:
                values.append(row[place])
    return columns


def _typical(column: Sequence[str]) -> str:
    there = [value for value in column if value not in _MISSING]
    if numbers := _numbers(there):
        return repr(math.fsum(numbers) / len(numbers))
    return most_frequent(Counter(there).items()) or ""


def _numbers(texts: Sequence[str]) -> list[float] | None:
    """The texts as numbers, if all of them are."""
    try:
        # Python alone would read 1_000
        return None if any("_" in text for text in texts) else [float(text) for text in texts]
    except ValueError:
        return None
