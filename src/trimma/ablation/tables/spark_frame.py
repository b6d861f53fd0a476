"""Spark DataFrames, for trials that run in the process of their Spark session."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from trimma.ablation.tables.table import Group, Shuffle
from trimma.errors import UsageError

_NUMBERS = ("ByteType", "ShortType", "IntegerType", "LongType", "FloatType", "DoubleType", "DecimalType")


class SparkFrame:
    """A Spark DataFrame, of a classic session or of Spark Connect; its rows stay in Spark."""

    def names(self, data: Any) -> Sequence[str]:
        return list(data.columns)

    def dropped(self, data: Any, members: Sequence[str]) -> Any:
        return data.drop(*members)

    def permuted(self, data: Any, groups: Sequence[Group], shuffle: Shuffle) -> Any:
        raise no_permutation()

    def typical(self, data: Any, members: Sequence[str]) -> dict[str, Any]:
        functions = _functions(data)
        columns = {member: functions.col(_quoted(member)) for member in members}
        found: dict[str, Any] = {}
        means = []
        for member, column in columns.items():
            if type(data.schema[member].dataType).__name__ in _NUMBERS:
                number = column.cast("double")
                found[member] = None
                means.append(functions.avg(functions.when(~functions.isnan(number), number)))
        if means:
            found = dict(zip(found, data.agg(*means).first(), strict=True))
        for member in columns.keys() - found.keys():
            counts = data.where(columns[member].isNotNull()).groupBy(columns[member].alias("value")).count()
            row = counts.orderBy(functions.desc("count"), functions.col("value").cast("string")).first()
            found[member] = None if row is None else row[0]
        return found

    def filled(self, data: Any, values: Mapping[str, Any]) -> Any:
        functions = _functions(data)
        for member, value in values.items():
            kind = data.schema[member].dataType
            name = type(kind).__name__
            data = data.withColumn(
                member, functions.lit(value).cast("double" if name in _NUMBERS and name != "FloatType" else kind)
            )
        return data


def no_permutation() -> UsageError:
    """The error for shuffling a Spark frame: its rows have no fixed order, so the seed wouldn't fix the result."""
    return UsageError(
        "how='permute' doesn't work with a Spark DataFrame, whose rows have no lasting order: take how='mean' or "
        "how='drop', or pass data=frame.toPandas()"
    )


def _functions(data: Any) -> Any:
    # columns of a classic session don't work in a Connect session, nor the other way round
    connect = any(kind.__module__.startswith("pyspark.sql.connect") for kind in type(data).__mro__)
    return import_module("pyspark.sql.connect.functions" if connect else "pyspark.sql.functions")


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
