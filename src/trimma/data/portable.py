"""Data in a form that every worker can be handed.

Almost everything is so already: arrays, frames and tables (whose buffers the runners of a machine share), paths and
URIs, functions that load something. A Spark DataFrame lives in its session, which is the driver's alone.
"""

import importlib.util
from typing import Any

from trimma.errors import MissingExtra, UsageError


def portable(data: Any) -> Any:
    """``data``, or, of a Spark DataFrame, its rows as a pandas frame; also within a dict, a list or a tuple.

    The frame is the one of Spark's ``toPandas()``: a null among whole numbers makes them floats, and timestamps are
    in the session's time zone, without naming it. A pandas-on-Spark frame or series becomes a pandas one.

    Raises `MissingExtra` without pandas, `UsageError` when Spark can't give the rows.
    """
    if type(data) is dict:
        return {key: portable(value) for key, value in data.items()}
    if type(data) in (list, tuple):
        return type(data)(map(portable, data))
    return _collected(data) if _is_spark(data) else data


def _is_spark(data: Any) -> bool:
    return any(
        kind.__module__.partition(".")[0] == "pyspark" and kind.__name__ in ("DataFrame", "Series")
        for kind in type(data).__mro__
    )


def _collected(data: Any) -> Any:
    if importlib.util.find_spec("pandas") is None:
        raise MissingExtra("pandas", "pandas", "a Spark DataFrame as data=")
    try:
        if hasattr(data, "to_pandas"):
            return data.to_pandas()
        # faster by far than toPandas, which goes row by row unless the session is set otherwise
        if hasattr(data, "toArrow") and importlib.util.find_spec("pyarrow"):
            return _frame(data.toArrow())
        return data.toPandas()
    except Exception as error:
        # what follows is where in the JVM it was raised
        why = " ".join(str(error).partition("\n\tat ")[0].split())
        raise UsageError(
            f"data=: Spark can't give the rows of the DataFrame to the driver ({type(error).__name__}: {why}). "
            "Rows that are too many for one machine are better written to files, whose path is given as data="
        ) from error


def _frame(table: Any) -> Any:
    """The pandas frame that Spark itself would make of an Arrow table."""
    frame = table.to_pandas()
    for at, kind in enumerate(frame.dtypes):
        if getattr(kind, "tz", None) is not None:
            frame.isetitem(at, frame.iloc[:, at].dt.tz_localize(None))
    return frame
