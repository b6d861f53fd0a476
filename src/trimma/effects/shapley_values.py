"""Shapley values: a component's effect averaged over all orders in which components could be left out."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from trimma.effects.analysis import Analysis
from trimma.effects.argument_checks import check_arguments
from trimma.effects.arrays import Numbers
from trimma.effects.collapsed_runs import collapsed_runs
from trimma.effects.conclusions import effects_with_conclusions
from trimma.effects.effect_counts import EffectCounts
from trimma.effects.failure_tests import failure_tests
from trimma.effects.fitting.metric_step import STEPS, metric_step
from trimma.effects.fitting.paired_differences import paired_estimates
from trimma.effects.intervals.estimates import Estimates, overlapping
from trimma.effects.method_and_notes import OVERLAP_WORDS, collapse_notes, failure_notes
from trimma.effects.observations import Cell, Removed, observe

_FEWEST = 5
"""Independent samples of orders below which there are no intervals: what an order may do can't be known from fewer."""

_RARE = 2.0
"""How many more such samples as the most unusual one of the study each interval allows for.

By simulation: where a component matters in one of n orders only, as a majority's last member does, it may matter in
none of those that were drawn, and its changes then look as if they had no variance. With 2, intervals hold in at least
94 % of studies of majorities of 3, 5 and 9, from 5 samples on.
"""

_CONVINCING = 3
"""Orders in which leaving out a component must have made the training fail, and none in which it went on."""


def shapley(
    cells: Iterable[Cell],
    names: Sequence[str],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    overlap: float = 0.0,
) -> Analysis:
    """The mean change of the value as each of ``names`` is left out, over sampled orders, in units of the metric.

    Each repeat is one order: its arms are nested, each leaving out one component more than the one before, from the
    whole to nothing (Castro, Gomez and Tejada, Computers & Operations Research 2009). Where every training gives a
    value, the effects add up to the value of nothing less that of the whole. Changes to or from a cell without a value
    are left out, and counted.

    An effect's interval comes from its own changes over the orders, which hold both the noise and the interactions;
    intervals are simultaneous. Where the order of every second repeat is the reverse of the one before, the two are one
    sample: their mean, since what one order does to a component, its reverse often does, too. Below five samples there
    are no intervals. None is narrower than what two more samples as unusual as the most unusual one would make it.

    ``repeats`` counts an effect's changes. ``probability`` isn't given; ``smallest`` and the errors are those of
    `contrasts`.
    """
    check_arguments(names, confidence, smallest)
    known = frozenset(names)
    found: defaultdict[int, dict[Removed, Cell]] = defaultdict(dict)
    for cell in cells:
        if known.issuperset(cell.arm):
            found[cell.repeat][frozenset(cell.arm)] = cell
    orders = {repeat: found[repeat] for repeat in sorted(found)}
    changes, counts = _changes(list(orders.values()), names)
    observations = observe(cell for order in orders.values() for cell in order.values())
    step = metric_step(observations.value)
    samples, mirrored = _samples(changes, list(orders), list(orders.values()))
    failing = failure_tests(counts, confidence)
    collapse = collapsed_runs(observations, maximize=maximize)
    estimates = overlapping(_estimates(samples, step), np.isfinite(samples).sum(axis=0).astype(np.float64), overlap)
    effects = effects_with_conclusions(
        names,
        estimates,
        counts,
        failing,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        equivalence=collapse is None,
    )
    several = bool((np.isfinite(samples).sum(axis=0) >= _FEWEST).any())
    whole = [value for order in orders.values() if (value := _value(order.get(frozenset()))) is not None]
    return Analysis(
        effects=effects,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        baseline_mean=float(np.mean(whole)) if whole else None,
        baseline_sd=float(np.std(whole, ddof=1)) if len(whole) > 1 else None,
        step=step,
        spent=failing.spent,
        method=f"mean change over {len(orders)} sampled orders"
        + (", each and its reverse as one sample, " if mirrored else ", ")
        + (
            f"simultaneous {100 * confidence:g} % intervals (each effect's own variance, Sidak)"
            + (OVERLAP_WORDS if overlap else "")
            if several
            else "no intervals"
        ),
        notes=[
            *([] if several else [_too_few(len(orders), len(samples), mirrored=mirrored)]),
            *collapse_notes(collapse),
            *failure_notes(names, counts, failing),
        ],
    )


def _too_few(orders: int, samples: int, *, mirrored: bool) -> str:
    if orders == 1:
        return "One order gives no intervals: nothing tells a difference from noise."
    pairs = f"{samples} pairs of an order and its reverse" if mirrored else f"{orders} orders"
    most = _FEWEST * (2 if mirrored else 1)
    return f"{pairs} are too few for intervals: what other orders would do isn't known. Run at least {most} repeats."


def _samples(
    changes: Numbers, repeats: Sequence[int], orders: Sequence[Mapping[Removed, Cell]]
) -> tuple[Numbers, bool]:
    """Independent samples of the ``changes``, and whether any of them is the mean of an order and its reverse.

    ``changes`` is of shape (orders, names), and the samples are of shape (samples, names). ``repeats`` are the repeats
    of the orders, by which an order's reverse is recognized.
    """
    rows: list[Numbers] = []
    place, mirrored = 0, False
    while place < len(repeats):
        pair = (
            place + 1 < len(repeats)
            and repeats[place] % 2 == 0
            and repeats[place + 1] == repeats[place] + 1
            and _reversed(orders[place], orders[place + 1], changes.shape[1])
        )
        both = changes[place : place + 1 + pair]
        known = np.isfinite(both)
        total, size = np.where(known, both, 0.0).sum(axis=0), known.sum(axis=0)
        rows.append(np.where(size > 0, total / np.maximum(size, 1), np.nan))
        mirrored |= pair
        place += 1 + pair
    return np.array(rows).reshape(-1, changes.shape[1]), mirrored


def _reversed(order: Mapping[Removed, Cell], other: Mapping[Removed, Cell], names: int) -> bool:
    """Whether what one order leaves out first, the other leaves out last, as far as their arms are known."""
    if names < 2:
        return False
    by_size = {len(arm): arm for arm in other}
    meeting = [(arm, by_size[names - len(arm)]) for arm in order if names - len(arm) in by_size]
    return all(not arm & rest for arm, rest in meeting)


def _estimates(samples: Numbers, step: float) -> Estimates:
    """The mean of each effect over its samples, of shape (samples, effects), with variances where there are enough.

    ``step`` is that of the metric, in its units (`trimma.effects.fitting.metric_step`).
    """
    found = paired_estimates(samples)
    if found.covariance is None:
        return found
    size = np.isfinite(samples).sum(axis=0)
    few = size < _FEWEST
    variance = np.where(few, np.nan, np.diag(found.covariance))
    if not few.all():
        unusual = float(np.nanmax(np.abs(samples - found.difference)[:, ~few]))
        variance = np.maximum(variance, (max(_RARE * unusual, STEPS * step) / np.maximum(size, 1)) ** 2)
    covariance = found.covariance.copy()
    covariance[few] = covariance[:, few] = np.nan
    np.fill_diagonal(covariance, variance)
    return replace(found, covariance=covariance)


def _value(cell: Cell | None) -> float | None:
    """The cell's value in units of the metric; None where it has none to compare."""
    if cell is None or cell.censored or cell.value is None or not math.isfinite(cell.value):
        return None
    return cell.value


def _changes(orders: Sequence[Mapping[Removed, Cell]], names: Sequence[str]) -> tuple[Numbers, list[EffectCounts]]:
    """What each step of each order changed, and the counts of each component.

    The changes are of shape (orders, names), in units of the metric. Each stands in the column of the component that
    the step left out, and is NaN where unknown.
    """
    place = {name: index for index, name in enumerate(names)}
    changes = np.full((len(orders), len(names)), np.nan)
    failures, censored, broken, tried = ([0] * len(names) for _ in range(4))
    for row, order in zip(changes, orders, strict=True):
        for arm, cell in order.items():
            value = _value(cell)
            for name in arm:
                before = order.get(arm - {name})
                if before is None:
                    continue
                failures[place[name]] += value is None and not cell.censored
                censored[place[name]] += cell.censored
                first = _value(before)
                if value is not None and first is not None:
                    row[place[name]] = value - first
                broken[place[name]] += value is None and first is not None and not cell.censored
                tried[place[name]] += first is not None and not cell.censored
    whole = [order[frozenset()] for order in orders if frozenset() in order and not order[frozenset()].censored]
    every_failed = sum(broken) + sum(_value(cell) is None for cell in whole)
    every_tried = sum(tried) + len(whole)
    sizes = np.isfinite(changes).sum(axis=0)
    return changes, [
        EffectCounts(
            repeats=int(size),
            failures=failed,
            censored=stopped,
            failed=broke,
            tried=steps,
            others_failed=every_failed - broke,
            others_tried=every_tried - steps,
            always_failed=broke >= _CONVINCING and not size and not stopped,
        )
        for size, failed, stopped, broke, steps in zip(sizes, failures, censored, broken, tried, strict=True)
    ]
