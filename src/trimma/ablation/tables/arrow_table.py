"""Columns of Arrow tables and record batches."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from trimma.ablation.tables.table import Group, Shuffle, most_frequent


class ArrowTable:
    """A `pyarrow.Table`, or a RecordBatch. Columns that don't change are not copied."""

    def names(self, data: Any) -> Sequence[str]:
        return list(data.schema.names)

    def dropped(self, data: Any, members: Sequence[str]) -> Any:
        gone = set(members)
        return data.select([place for place, name in enumerate(data.schema.names) if name not in gone])

    def permuted(self, data: Any, groups: Sequence[Group], shuffle: Shuffle) -> Any:
        columns: dict[int, Any] = {}
        for component, members in groups:
            order = import_module("pyarrow").array(shuffle.order(component, data.num_rows))
            for place in _places(data, members):
                columns[place] = columns.get(place, data.column(place)).take(order)
        return _with(data, columns)

    def typical(self, data: Any, members: Sequence[str]) -> dict[str, Any]:
        return {member: typical(data.column(data.schema.names.index(member))) for member in members}

    def filled(self, data: Any, values: Mapping[str, Any]) -> Any:
        names = data.schema.names
        places = _places(data, list(values))
        return _with(data, {place: constant(values[names[place]], data.column(place)) for place in places})


def typical(column: Any) -> Any:
    """The mean of an Arrow array of numbers; the most frequent value of an array of anything else."""
    arrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    if _is_number(column.type):
        numbers = column.cast(arrow.float64())
        return compute.mean(numbers.filter(compute.invert(compute.is_nan(numbers)))).as_py()
    if arrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    counts = compute.value_counts(column.drop_null())
    most = compute.max(counts.field("counts"))
    top = counts.filter(compute.equal(counts.field("counts"), most))
    return most_frequent((each["values"], each["counts"]) for each in top.to_pylist())


def constant(value: Any, column: Any) -> Any:
    """An Arrow array of one value that replaces ``column``. It has the same type, but whole numbers become floats."""
    arrow, kind, rows = import_module("pyarrow"), column.type, len(column)
    if arrow.types.is_dictionary(kind):
        # with all categories, because objectives may make something of each category
        known = (column if hasattr(column, "chunks") else arrow.chunked_array([column])).unify_dictionaries()
        words = known.chunk(0).dictionary if known.num_chunks else arrow.array([], kind.value_type)
        if value is not None and words.index(value).as_py() < 0:
            words = arrow.concat_arrays([words, arrow.array([value], kind.value_type)])
        place = None if value is None else words.index(value).as_py()
        indices = arrow.repeat(arrow.scalar(place, kind.index_type), rows)
        return arrow.DictionaryArray.from_arrays(indices, words, ordered=kind.ordered)
    if _is_number(kind):
        kind = kind if kind == arrow.float32() else arrow.float64()
    return arrow.repeat(arrow.scalar(value, kind), rows)


def _is_number(kind: Any) -> bool:
    types = import_module("pyarrow").types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _places(data: Any, members: Sequence[str]) -> list[int]:
    wanted = set(members)
    return [place for place, name in enumerate(data.schema.names) if name in wanted]


def _with(data: Any, columns: Mapping[int, Any]) -> Any:
    """The table with other columns in these places. The metadata of the table and of its columns stay."""
    for place, column in columns.items():
        data = data.set_column(place, data.schema.field(place).with_type(column.type), column)
    return data
