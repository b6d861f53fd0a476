"""An ablation as a data frame."""

from typing import Any

from trimma.display.differences import interaction_words
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
    rows = [
        {name: getattr(row, name) for name in COLUMNS if name != "verdict"} | {"verdict": row.conclusion.value}
        for row in found.ordered
    ]
    frame = to_pandas(rows, COLUMNS)
    whole = dict.fromkeys(("repeats", "failures", "censored", "needed", "tier"), "Int64")
    exact = dict.fromkeys(("difference", "low", "high", "p", "probability"), "float64")
    return frame.astype({**whole, **exact})


PAIR_COLUMNS = ("component", "other", "interaction", "low", "high", "p", "repeats", "meaning")


def pair_frame(found: Findings) -> Any:
    """A row for each pair of components whose interaction is estimated; none where the design tells of no pairs.

    ``interaction`` is what leaving out both changes beyond the sum of what each changes by itself.
    """
    rows = [
        {
            "component": one,
            "other": other,
            "interaction": effect.difference,
            "low": effect.low,
            "high": effect.high,
            "p": effect.p,
            "repeats": effect.repeats,
            "meaning": interaction_words(effect.conclusion),
        }
        for (one, other), effect in found.pairs
    ]
    frame = to_pandas(rows, PAIR_COLUMNS)
    return frame.astype(dict.fromkeys(("interaction", "low", "high", "p"), "float64"))
