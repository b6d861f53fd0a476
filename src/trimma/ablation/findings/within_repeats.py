"""The differences that components make within single repeats."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from trimma.ablation.analyses import plan_named
from trimma.ablation.findings.means import compared
from trimma.ablation.question import Ablation
from trimma.effects import Cell


def paired(asked: Ablation, cells: Sequence[Cell], names: Sequence[str]) -> Mapping[str, list[tuple[int, float]]]:
    """For each of ``names`` its differences within single repeats, as (repeat, difference), in the order of repeats.

    The plan of analysis computes them, and an effect estimates their mean. In most designs a difference is one arm
    minus another. For a path, ``names`` must be in the order of the path.
    """
    blocks: dict[int, dict[frozenset[str], list[float]]] = {}
    for cell in cells:
        value = compared(cell)
        if value is not None:
            blocks.setdefault(cell.repeat, {}).setdefault(frozenset(cell.arm), []).append(value)
    within = plan_named(asked.analysis).within
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in names}
    for repeat in sorted(blocks):
        values = {arm: fmean(each) for arm, each in blocks[repeat].items()}
        for place, name in enumerate(names):
            difference = within(asked, values, names, place)
            if difference is not None:
                found[name].append((repeat, difference))
    return found
