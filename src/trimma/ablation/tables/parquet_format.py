"""Parquet files. They are copied one row group after another, so that a file needn't fit into memory."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trimma.ablation.tables.arrow_table import constant, typical
from trimma.ablation.tables.table import Group, Shuffle
from trimma.errors import MissingExtra, UsageError


class ParquetFormat:
    """Parquet files. Copies keep the metadata of pandas and other libraries, and are compressed by Snappy."""

    def names(self, path: Path) -> list[str]:
        return list(_schema(path).names)

    def rows(self, path: Path) -> int:
        return int(_parquet().read_metadata(path).num_rows)

    def typical(self, parts: Sequence[Path], members: Sequence[str]) -> dict[str, Any]:
        columns = _read(parts, members).columns
        return {member: typical(column) for member, column in zip(members, columns, strict=True)}

    def constant(self, value: Any) -> Any:
        return lambda column: constant(value, column)

    def shuffled(self, parts: Sequence[Path], groups: Sequence[Group], shuffle: Shuffle) -> dict[str, Any]:
        members = list(dict.fromkeys(member for _, members in groups for member in members))
        table = _read(parts, members)
        columns = dict(zip(members, table.columns, strict=True))
        for component, group in groups:
            order = import_module("pyarrow").array(shuffle.order(component, table.num_rows))
            for member in group:
                columns[member] = columns[member].take(order)
        return {member: _Sliced(column) for member, column in columns.items()}

    def write(self, source: Path, target: Path, dropped: frozenset[str], replaced: Mapping[str, Any]) -> None:
        with _parquet().ParquetFile(source) as file:
            kept = [name for name in file.schema_arrow.names if name not in dropped]
            # an empty table shows the types
            first = _edited(file.schema_arrow.empty_table().select(kept), replaced)
            with _parquet().ParquetWriter(target, first.schema) as writer:
                for group in range(file.num_row_groups):
                    # a name with a dot in it also selects nested fields, so select once more
                    table = file.read_row_group(group, columns=kept).select(kept)
                    writer.write_table(_edited(table, replaced), row_group_size=max(1, table.num_rows))


class _Sliced:
    """A column of all parts of a table, handed out in pieces, one for each row group."""

    def __init__(self, column: Any) -> None:
        self._column, self._at = column, 0

    def __call__(self, replaced: Any) -> Any:
        piece = self._column.slice(self._at, len(replaced))
        self._at += len(replaced)
        return piece


def _edited(table: Any, replaced: Mapping[str, Any]) -> Any:
    for name, values in replaced.items():
        place = table.schema.get_field_index(name)
        if place >= 0:
            piece = values(table.column(place))
            table = table.set_column(place, table.schema.field(place).with_type(piece.type), piece)
    return table


def _read(parts: Sequence[Path], members: Sequence[str]) -> Any:
    tables = []
    for part in parts:
        if lacking := [member for member in members if member not in _schema(part).names]:
            raise UsageError(f"{part} has no column {lacking[0]!r}, which the table's first file has")
        with _parquet().ParquetFile(part) as file:
            tables.append(file.read(columns=list(members)).select(list(members)).replace_schema_metadata(None))
    return import_module("pyarrow").concat_tables(tables)


def _schema(path: Path) -> Any:
    try:
        return _parquet().read_schema(path)
    except import_module("pyarrow").ArrowInvalid as error:
        raise UsageError(f"{path} can't be read as Parquet: {error}") from error


def _parquet() -> Any:
    if find_spec("pyarrow") is None:
        raise MissingExtra("pyarrow", "parquet", "a Parquet file as data=")
    return import_module("pyarrow.parquet")
