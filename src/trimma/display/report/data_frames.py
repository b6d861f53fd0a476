"""An ablation as data frames: its components and its pairs."""

from typing import Any

from trimma.ablation.findings import Findings
from trimma.display.ablation_findings_words import interaction_words
from trimma.display.export import to_pandas

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
    "failure_p",
    "censored",
    "collapsed",
    "median",
    "verdict",
    "chance_at_twice",
    "chance_at_four_times",
    "letters",
)

CHANCES = ("chance_at_twice", "chance_at_four_times")
MADE = ("verdict", *CHANCES)


def data_frame(found: Findings) -> Any:
    """A data frame with one row for each component, in the order of their worth; a path keeps its order.

    ``chance_at_twice`` and ``chance_at_four_times`` are how probable it is that twice and four times the repeats would
    decide what is undecided. ``median`` is the median difference within repeats, where runs of the study collapsed.
    ``difference``, ``low``, ``high`` and ``median`` are in units of the metric. What is unknown is
    missing. Raises `MissingExtra` without pandas.
    """
    rows = [
        {name: getattr(row, name) for name in COLUMNS if name not in MADE}
        | {
            "verdict": row.conclusion.value,
            "chance_at_twice": None if row.chances is None else row.chances.at_twice,
            "chance_at_four_times": None if row.chances is None else row.chances.at_four_times,
        }
        for row in found.ordered
    ]
    frame = to_pandas(rows, COLUMNS)
    whole = dict.fromkeys(("repeats", "failures", "censored", "collapsed"), "Int64")
    exact = dict.fromkeys(("difference", "low", "high", "p", "probability", "failure_p", "median", *CHANCES), "float64")
    return frame.astype({**whole, **exact})


PAIR_COLUMNS = ("component", "other", "interaction", "low", "high", "p", "repeats", "meaning")


def pair_frame(found: Findings) -> Any:
    """A data frame with one row for each pair whose interaction is estimated.

    ``interaction`` is what leaving out both components changes, beyond the sum of what each changes by itself. The
    frame has no rows where the design doesn't estimate interactions. Raises `MissingExtra` without pandas.
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
