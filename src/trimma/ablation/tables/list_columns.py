"""Lists the columns of the tables within ``data=``. It reads only the beginning or the schema of a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trimma.ablation.tables.nested_data import is_bunch, is_table_factory, leaves, required_arguments
from trimma.ablation.tables.remove_columns import How
from trimma.ablation.tables.spark_frame import no_permutation
from trimma.ablation.tables.table_kinds import FILES, SPARK, table_of
from trimma.ablation.values import shown
from trimma.errors import TrimmaError, UsageError


@dataclass(frozen=True)
class ColumnList:
    """The ``columns`` of all tables, each once, those of each of the ``tables``, and the names of the ``series``.

    A series lies beside the tables, and may be the label. ``fixed`` are columns that can't be permuted.
    """

    columns: tuple[str, ...]
    tables: tuple[tuple[str, ...], ...]
    series: frozenset[str]
    fixed: frozenset[str]


def list_columns(data: Any, how: How) -> ColumnList:
    """List the columns of all tables within ``data``. A function that makes tables is called once.

    Raises `UsageError` where there is no table, where a function can't be called, and where columns of a table can't be
    removed in the way ``how``.
    """
    if data is None:
        raise UsageError("there is no data= whose columns could be left out: pass data=... beside the objective")
    tables: list[tuple[str, ...]] = []
    series: set[str] = set()
    fixed: set[str] = set()
    found: list[Any] = []
    for leaf in _made(data):
        found.append(leaf)
        table = table_of(leaf)
        if table is not None:
            if how == "permute" and table is SPARK:
                raise no_permutation()
            if how == "permute" and table is FILES:
                fixed.update(FILES.in_folders(leaf))
            tables.append(tuple(table.names(leaf)))
        elif type(leaf).__name__ == "Series" and getattr(leaf, "name", None) is not None:
            series.add(str(leaf.name))
    columns = tuple(dict.fromkeys(name for table in tables for name in table))
    if not columns:
        raise UsageError(_nothing(data, found))
    return ColumnList(columns, tuple(tables), frozenset(series), frozenset(fixed))


def _made(data: Any) -> list[Any]:
    """The leaves of ``data``; factories of tables are replaced by the leaves of what they make."""
    found: list[Any] = []
    for leaf in leaves(data):
        found += leaves(_call(leaf)) if is_table_factory(leaf, alone=leaf is data) else [leaf]
    return found


def _call(factory: Callable[..., Any]) -> Any:
    if lacking := required_arguments(factory):
        raise UsageError(
            f"data={shown(factory)} needs the argument {lacking[0]!r}: a factory of tables is called without any, once "
            "where the study is started, to see which columns there are"
        )
    try:
        return factory()
    except TrimmaError:
        raise
    except Exception as error:
        raise UsageError(
            f"data={shown(factory)} is called once where the study is started, to see which columns there are, and "
            f"failed there ({type(error).__name__}: {error})"
        ) from error


def _nothing(data: Any, found: list[Any]) -> str:
    kinds = ", ".join(dict.fromkeys(type(leaf).__name__ for leaf in found[:100])) or "nothing"
    what = "no columns with names could be found in data="
    if is_bunch(data):
        return f"{what} ({kinds}): load it with as_frame=True, as in data=load_iris(as_frame=True).frame"
    if any(type(leaf).__module__.startswith("scipy.sparse") for leaf in found):
        return (
            f"{what} ({kinds}): make a frame of the matrix, as in pandas.DataFrame.sparse.from_spmatrix(matrix, "
            "columns=['age', 'fare'])"
        )
    if any(getattr(getattr(leaf, "dtype", None), "names", None) for leaf in found):
        return f"{what} ({kinds}): make a frame of the records, as in pandas.DataFrame.from_records(records)"
    if any(type(leaf).__name__ in ("ndarray", "Tensor") for leaf in found):
        return f"{what} ({kinds}): make a frame of the array, as in pandas.DataFrame(array, columns=['age', 'fare'])"
    if any(isinstance(leaf, str) for leaf in found[:100]):
        named = next(leaf for leaf in found if isinstance(leaf, str))
        return (
            f"{what}: {named!r} isn't the path of a Parquet or CSV file (.parquet, .csv, .tsv, .csv.gz), nor of a "
            "folder of such files; for a table that is elsewhere pass a function that reads it"
        )
    return (
        f"{what} ({kinds}): it may be a frame of pandas, polars or Spark, an Arrow table, the path of a Parquet or CSV "
        "file, a function that returns these, or a dict, list or tuple of them"
    )
