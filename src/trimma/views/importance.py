"""Which hyperparameters matter, by PED-ANOVA.

Source: Watanabe, Bansal and Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary
Subspaces", IJCAI 2023.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from trimma.errors import StudyError, UsageError
from trimma.ports import History
from trimma.space import Dimension
from trimma.trial import Trial, fidelity
from trimma.views.comparable import has_finite_end
from trimma.views.hyperparameters import hyperparameters, settings

MIN_TRIALS = 10
MIN_TOP = 5
CELLS = 50
PRIOR = 1e-2  # the share of a uniform distribution in each density, which prevents a division by zero


class Importance(Struct, frozen=True, kw_only=True):
    """A hyperparameter's ``share`` of the importance of all. The shares sum to 1, unless all are 0."""

    name: str
    share: float


def importance(history: History, *, top: float = 0.1) -> list[Importance]:
    """How much each hyperparameter decides whether a trial is among the best ``top`` of all. The greatest comes first.

    For each hyperparameter by itself, it compares the distribution of the best trials' values with that of all trials'
    values, by the Pearson divergence of the two densities. Numbers are compared on their own scale (log if the space
    says so) by truncated Gaussian kernels. These have the same width for both densities, so that an uneven search by
    itself gives no importance. Options are compared by their frequencies. If only some trials have the hyperparameter,
    its absence counts as one more value.

    Only trials that ended with a finite value count. One that was trained for more steps is better than one that was
    stopped before, and values are compared between trials of equally many steps. ``top`` is a share of the trials
    (default .1), and at least 5 of them are the best. All shares are 0 when all trials have the same value.

    Raises `UsageError` unless 0 < top < 1, and `StudyError` for fewer than 10 trials or a space that has nothing to
    choose.
    """
    if not 0 < top < 1:
        raise UsageError(f"importance(top={top!r}) must be a share between 0 and 1, such as 0.1")
    trials = [trial for trial in history.trials if has_finite_end(trial)]
    if len(trials) < MIN_TRIALS:
        raise StudyError(
            f"importance needs at least {MIN_TRIALS} trials that ended with a finite value; "
            f"study {history.spec.name!r} has {len(trials)}"
        )
    scales = hyperparameters(history)
    if not scales:
        raise StudyError(f"study {history.spec.name!r} has no hyperparameter that varies")
    best = _best(trials, top, maximize=history.maximize)
    rows = [settings(history, trial) for trial in trials]
    found = {scale.name: _divergence(scale, [row.get(scale.name, _ABSENT) for row in rows], best) for scale in scales}
    total = math.fsum(found.values())
    shares = [Importance(name=name, share=size / total if total else 0.0) for name, size in found.items()]
    return sorted(shares, key=lambda row: -row.share)


_ABSENT = object()


def _best(trials: Sequence[Trial], top: float, *, maximize: bool) -> NDArray[np.bool_]:
    """Which trials are among the best, as a mask of shape (trials,). Those equal to the last of the best are, too."""
    sign = 1 if maximize else -1
    scores = [(fidelity(trial), sign * (trial.value or 0.0)) for trial in trials]
    places = max(math.ceil(top * len(scores)), MIN_TOP)
    last = sorted(scores)[-places]
    return np.array([score >= last for score in scores])


def _divergence(scale: Dimension, values: Sequence[Any], best: NDArray[np.bool_]) -> float:
    units = np.array([math.nan if value is _ABSENT else scale.to_nearest(value) for value in values])
    if not scale.ordered:
        everywhere, chosen = (_frequencies(units[which], len(scale.options)) for which in (slice(None), best))
    else:
        cells = len(scale.options) or CELLS
        middles = (np.arange(cells) + 0.5) / cells
        if scale.kind == "category" and cells > 1:
            # the first and the last option are the ends of the scale
            units, middles = ((places * cells - 0.5) / (cells - 1) for places in (units, middles))
        width = _bandwidth(units[best & np.isfinite(units)], cells)
        everywhere, chosen = (_density(units[which], middles, width) for which in (slice(None), best))
    return float((everywhere * (chosen / everywhere - 1) ** 2).sum())


def _bandwidth(units: NDArray[np.float64], cells: int) -> float:
    """The kernels' width: Scott's rule with a robust spread, but never less than half a cell."""
    least = 0.5 / cells
    if len(units) < 2:
        return max(least, 0.25)
    low, high = np.percentile(units, [25, 75])
    spread = min(float(units.std(ddof=1)), float(high - low) / 1.34) or float(units.std(ddof=1))
    return max(least, 1.059 * spread * math.pow(len(units), -0.2))


def _density(units: NDArray[np.float64], middles: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """The weight of each cell, and that of absence, of shape (cells + 1,). Kernels end at the ends of the scale."""
    present = units[np.isfinite(units)]
    kernels = np.exp(-0.5 * ((middles - present[:, None]) / width) ** 2) + 1e-300
    weights = (kernels / kernels.sum(axis=1, keepdims=True)).sum(axis=0)
    return _shares(weights, len(units) - len(present))


def _frequencies(units: NDArray[np.float64], options: int) -> NDArray[np.float64]:
    present = units[np.isfinite(units)]
    places = (present * options).astype(int)
    return _shares(np.bincount(places, minlength=options), len(units) - len(present))


def _shares(weights: NDArray[Any], absent: int) -> NDArray[np.float64]:
    """The weights, followed by that of absence, as shares of 1."""
    weights = np.append(weights.astype(float), absent)
    shares: NDArray[np.float64] = (1 - PRIOR) * weights / weights.sum() + PRIOR / len(weights)
    return shares
