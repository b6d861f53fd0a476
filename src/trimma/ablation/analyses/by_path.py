"""Path: what each step from the bare baseline to the whole changes."""

from collections.abc import Sequence

from trimma.ablation.analyses.plan import AnalysisPlan, Values, less
from trimma.ablation.best_arm import best_arm
from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell, path


def estimate(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> Analysis:
    """The effect of each step that is decided by now."""
    # in reverse: the component that was put in last is the first that is left out of the whole
    order = path_order(asked, cells, maximize)[::-1]
    if not order:
        notes = ["No step is decided yet."]
        return Analysis(effects=[], maximize=maximize, confidence=asked.confidence, notes=notes)
    start = [name for name in asked.names if name not in order]
    return path(cells, order, start=start, maximize=maximize, **asked.statistics)


def within(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """The change in one repeat when a step is undone. ``names`` are in the order in which they were put in."""
    after = frozenset(asked.names) - set(names[: place + 1])
    return less(values, after | {names[place]}, after)


def path_order(asked: Ablation, cells: Sequence[Cell], maximize: bool) -> list[str]:
    """The components that have been put in so far, in the order in which they were put in."""
    values: dict[frozenset[str], list[Cell]] = {}
    for cell in cells:
        values.setdefault(frozenset(cell.arm), []).append(cell)
    names = asked.names
    order: list[str] = []
    out = frozenset(names)
    while out:
        # an arm was chosen if all candidates of the next step are made from it
        ahead = [out - {name} for name in names if name in out]
        chosen = [arm for arm in ahead if arm in values and all(arm - {name} in values for name in arm)]
        if not chosen:
            break
        # both of the last two candidates lead to the whole; the design chose one of those that ran in full
        most = max(len(values[arm]) for arm in chosen)
        full = [values[arm][0].arm for arm in chosen if len(values[arm]) == most]
        ended = [cell for arm in full for cell in values[frozenset(arm)]]
        best = frozenset(best_arm(full, ended, most, maximize=maximize) or full[0])
        order += out - best
        out = best
    return order


PATH = AnalysisPlan(
    name="path",
    estimate=estimate,
    within=within,
    order=path_order,
    words=", step by step",
    open_ended=True,
    pictures=("path", "forest", "repeats"),
)
