"""Recognizes the kind of a table: a frame, an Arrow table, or the path of a file."""

from os import PathLike
from typing import Any

from trimma.ablation.tables.arrow_table import ArrowTable
from trimma.ablation.tables.file_table import FileTable, is_file
from trimma.ablation.tables.pandas_frame import PandasFrame
from trimma.ablation.tables.polars_frame import PolarsFrame
from trimma.ablation.tables.spark_frame import SparkFrame
from trimma.ablation.tables.table import Table
from trimma.errors import UsageError

FILES, SPARK = FileTable(), SparkFrame()

_KINDS: dict[tuple[str, str], Table] = {
    ("pandas", "DataFrame"): PandasFrame(),
    ("polars", "DataFrame"): PolarsFrame(),
    ("polars", "LazyFrame"): PolarsFrame(),
    ("pyarrow", "RecordBatch"): ArrowTable(),
    ("pyarrow", "Table"): ArrowTable(),
    ("pyspark", "DataFrame"): SPARK,
}


def table_of(data: Any) -> Table | None:
    """The kind of table that ``data`` is, or None where it is no table. No library is imported to find out.

    Raises `UsageError` for a path to a table that can't be read here, and for a frame of ``pyspark.pandas``.
    """
    if isinstance(data, str | PathLike):
        return FILES if is_file(data) else None
    for kind in type(data).__mro__:
        if kind.__module__.startswith("pyspark.pandas") and kind.__name__ == "DataFrame":
            raise UsageError("columns can't be taken out of a frame of pyspark.pandas: pass data=frame.to_spark()")
        if found := _KINDS.get((kind.__module__.partition(".")[0], kind.__name__)):
            return found
    return None
