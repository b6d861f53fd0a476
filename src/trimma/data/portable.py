"""Data in a form that can be sent to every worker.

Almost all data can be sent as it is: arrays, frames and tables (whose buffers are shared by the runners of a machine),
paths and URIs, functions that load something. A Spark DataFrame can't be sent, because it lives in its session, which
only the driver has.
"""

import importlib.util
from typing import Any

from trimma.errors import MissingExtra, UsageError


def portable(data: Any) -> Any:
    """The data, in which Spark DataFrames are replaced by pandas data frames with their rows.

    They are also replaced inside a dict, a list or a tuple. The result is that of Spark's ``toPandas()``: whole numbers
    with a null among them become floats, and timestamps are in the session's time zone, without naming it. A
    pandas-on-Spark frame or series becomes one of pandas. All other data is returned as it is.

    Raises `MissingExtra` without pandas, and `UsageError` when Spark can't give the rows.
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
        # much faster than toPandas, which goes row by row unless the session is set otherwise
        if hasattr(data, "toArrow") and importlib.util.find_spec("pyarrow"):
            return _frame(data.toArrow())
        return data.toPandas()
    except Exception as error:
        # the rest of the text is the stack trace of the JVM
        why = " ".join(str(error).partition("\n\tat ")[0].split())
        raise UsageError(
            f"data=: Spark can't give the rows of the DataFrame to the driver ({type(error).__name__}: {why}). "
            "Rows that are too many for one machine are better written to files, whose path is given as data="
        ) from error


def _frame(table: Any) -> Any:
    """The pandas data frame that Spark itself would make of an Arrow table."""
    frame = table.to_pandas()
    for at, kind in enumerate(frame.dtypes):
        if getattr(kind, "tz", None) is not None:
            frame.isetitem(at, frame.iloc[:, at].dt.tz_localize(None))
    return frame
