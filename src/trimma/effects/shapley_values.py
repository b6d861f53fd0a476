"""Shapley values: a component's effect averaged over all orders in which components could be left out."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from trimma.effects.analysis import Analysis
from trimma.effects.argument_checks import check_arguments
from trimma.effects.arrays import Numbers
from trimma.effects.conclusions import effects_with_conclusions
from trimma.effects.effect_counts import EffectCounts
from trimma.effects.failure_tests import failure_tests
from trimma.effects.fitting.paired_differences import paired_estimates
from trimma.effects.method_and_notes import failure_notes
from trimma.effects.observations import Cell, Removed

_CONVINCING = 3
"""Orders in which leaving out a component must have made the training fail, and none in which it went on."""


def shapley(
    cells: Iterable[Cell],
    names: Sequence[str],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
) -> Analysis:
    """The mean change of the value as each of ``names`` is left out, over sampled orders, in units of the metric.

    Each repeat is one order: its arms are nested, each leaving out one component more than the one before, from the
    whole to nothing (Castro, Gomez and Tejada, Computers & Operations Research 2009). Where every training gives a
    value, the effects add up to the value of nothing less that of the whole. An effect's interval comes from its own
    changes over the orders, which hold both the noise and the interactions; intervals are simultaneous. Changes to or
    from a cell without a value are left out, and counted.

    ``repeats`` counts an effect's changes. ``probability`` isn't given; ``smallest`` and the errors are those of
    `contrasts`.
    """
    check_arguments(names, confidence, smallest)
    known = frozenset(names)
    orders: defaultdict[int, dict[Removed, Cell]] = defaultdict(dict)
    for cell in cells:
        if known.issuperset(cell.arm):
            orders[cell.repeat][frozenset(cell.arm)] = cell
    changes, counts = _changes(list(orders.values()), names)
    failing = failure_tests(counts, confidence)
    effects = effects_with_conclusions(
        names, paired_estimates(changes), counts, failing, maximize=maximize, confidence=confidence, smallest=smallest
    )
    several = any(count.repeats > 1 for count in counts)
    whole = [value for order in orders.values() if (value := _value(order.get(frozenset()))) is not None]
    return Analysis(
        effects=effects,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        baseline_mean=float(np.mean(whole)) if whole else None,
        baseline_sd=float(np.std(whole, ddof=1)) if len(whole) > 1 else None,
        method=f"mean change over {len(orders)} sampled orders, "
        + (
            f"simultaneous {100 * confidence:g} % intervals (each effect's own variance, Sidak)"
            if several
            else "no intervals"
        ),
        notes=[
            *([] if several else ["One order gives no intervals: nothing tells a difference from noise."]),
            *failure_notes(names, counts, failing),
        ],
    )


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
