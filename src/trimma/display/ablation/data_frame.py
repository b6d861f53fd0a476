"""An ablation as a data frame."""

from typing import Any

from trimma.display.export import to_pandas
from trimma.views import Findings

COLUMNS = (
    "component",
    "kind",
    "members",
    "difference",
    "low",
    "high",
    "p",
    "repeats",
    "probability",
    "failures",
    "censored",
    "verdict",
    "needed",
    "tier",
)


def data_frame(found: Findings) -> Any:
    """A row for each component, by falling worth (a path in its order); `MissingExtra` without pandas.

    ``difference``, ``low`` and ``high`` are in units of the metric; what is unknown is missing.
    """
    rows = [{name: getattr(row, name) for name in COLUMNS} | {"verdict": row.verdict.value} for row in found.ordered]
    frame = to_pandas(rows, COLUMNS)
    whole = dict.fromkeys(("repeats", "failures", "censored", "needed", "tier"), "Int64")
    exact = dict.fromkeys(("difference", "low", "high", "p", "probability"), "float64")
    return frame.astype({**whole, **exact})
