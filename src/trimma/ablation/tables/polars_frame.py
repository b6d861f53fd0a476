"""Frames of polars, eager and lazy."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from trimma.ablation.tables.table import Group, Shuffle, most_frequent


class PolarsFrame:
    """A polars DataFrame or LazyFrame. A LazyFrame is collected to shuffle columns and to find typical values."""

    def names(self, data: Any) -> Sequence[str]:
        return list(data.collect_schema())

    def dropped(self, data: Any, members: Sequence[str]) -> Any:
        gone = set(members)
        return data.select([_column(name) for name in self.names(data) if name not in gone])

    def permuted(self, data: Any, groups: Sequence[Group], shuffle: Shuffle) -> Any:
        if _is_lazy(data):
            return self.permuted(data.collect(), groups, shuffle).lazy()
        columns: dict[str, Any] = {}
        for component, members in groups:
            order = shuffle.order(component, data.height)
            for member in members:
                # under a plain name, because polars takes ^...$ for a pattern, even as the name of a series
                columns[member] = columns.get(member, data.get_column(member).alias("value")).gather(order)
        return data.with_columns([column.alias(member) for member, column in columns.items()])

    def typical(self, data: Any, members: Sequence[str]) -> dict[str, Any]:
        whole = data.select([_column(member) for member in members]).collect() if _is_lazy(data) else data
        return {member: _typical(whole.get_column(member).alias("value")) for member in members}

    def filled(self, data: Any, values: Mapping[str, Any]) -> Any:
        polars = import_module("polars")
        constants = []
        for member, value in values.items():
            dtype = data.collect_schema()[member]
            if dtype.is_numeric() and dtype != polars.Float32:
                dtype = polars.Float64
            constants.append(polars.lit(polars.Series([value], dtype=dtype)).first().alias(member))
        return data.with_columns(constants)


def _typical(column: Any) -> Any:
    polars = import_module("polars")
    if column.dtype.is_numeric():
        return column.cast(polars.Float64).fill_nan(None).mean()
    counts = column.drop_nulls().value_counts()
    return most_frequent(counts.filter(polars.col("count") == polars.col("count").max()).rows())


def _is_lazy(data: Any) -> bool:
    return not hasattr(data, "height")


def _column(name: str) -> Any:
    # a name that begins with ^ and ends with $ would be taken as a pattern
    return import_module("polars.selectors").by_name(name).as_expr()
