"""Which kind of table something is, and where in ``data=`` tables are."""

import copy
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from os import PathLike
from typing import Any, TypeGuard

from trimma.ablation.tables.arrow_table import ArrowTable
from trimma.ablation.tables.files import FileTable, is_file
from trimma.ablation.tables.pandas_frame import PandasFrame
from trimma.ablation.tables.polars_frame import PolarsFrame
from trimma.ablation.tables.removal import Table
from trimma.ablation.tables.spark_frame import SparkFrame
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
    """The kind of table that ``data`` is, if it is one; no library is imported to find out.

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


def is_factory(data: Any, *, alone: bool) -> TypeGuard[Callable[..., Any]]:
    """Whether ``data`` makes tables when it is called; ``alone`` where it is all of ``data=``.

    Beside other things only plain functions count: a model can be called, too.
    """
    if inspect.isclass(data) or not callable(data) or not (alone or inspect.isroutine(data) or type(data) is partial):
        return False
    return alone or not required(data)


def required(factory: Callable[..., Any]) -> list[str]:
    """The arguments that it can't be called without."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return []
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in parameters if each.default is each.empty and each.kind not in variable]


def leaves(data: Any) -> Iterator[Any]:
    """What stands in dicts, lists and tuples, however deep; of anything else, the thing itself."""
    if isinstance(data, dict):
        for each in data.values():
            yield from leaves(each)
    elif isinstance(data, list | tuple):
        for each in data:
            yield from leaves(each)
    else:
        yield data


def changed(data: Any, change: Callable[[Any], Any]) -> Any:
    """The same dicts, lists and tuples around what ``change`` makes of each leaf; what is given stays as it is."""
    if isinstance(data, dict):
        items = {key: changed(value, change) for key, value in data.items()}
        if type(data) is dict:
            return items
        own = copy.copy(data)
        own.update(items)
        return own
    if isinstance(data, list | tuple):
        parts = [changed(each, change) for each in data]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)
    return change(data)
