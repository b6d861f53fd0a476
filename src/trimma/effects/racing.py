"""Adaptive repeats: which components are settled at a look, and an analysis that holds in spite of the looks.

At each look the intervals are wide enough for all looks together to keep the confidence, whichever components have
dropped out by then (repeated confidence intervals: Jennison and Turnbull, JRSS B 1989).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import numpy as np

from trimma.effects.analysis import Analysis, Effect, Verdict
from trimma.effects.cells import Cell
from trimma.effects.checks import checked
from trimma.effects.contrasts import contrasts
from trimma.effects.spending import levels
from trimma.effects.verdicts import tiers
from trimma.errors import UsageError

LOOKS = (3, 6, 12, 24)


def decided(
    cells: Iterable[Cell],
    names: Sequence[str],
    *,
    look: int,
    looks: Sequence[int] = LOOKS,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    reference: Collection[str] = (),
    arms: Mapping[str, Collection[str]] | None = None,
) -> dict[str, Effect]:
    """The effects of the components that are settled after ``look`` repeats, at that look or an earlier one.

    A component is settled by a verdict other than *undecided*; it needs no more repeats. Cells of later repeats are
    ignored, so that what is already running doesn't matter.

    Raises `UsageError` for a look that isn't one of ``looks``, and as `contrasts`.
    """
    _checked(looks)
    if look not in looks:
        raise UsageError(f"look={look}: looks are at {', '.join(map(str, looks))} repeats")
    kept = list(cells)
    first = set(sorted({cell.repeat for cell in kept})[:look])
    analysis = raced(
        [cell for cell in kept if cell.repeat in first],
        names,
        looks=looks,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        reference=reference,
        arms=arms,
    )
    return {effect.name: effect for effect in analysis.effects if effect.verdict is not Verdict.UNDECIDED}


def raced(
    cells: Iterable[Cell],
    names: Sequence[str],
    *,
    looks: Sequence[int] = LOOKS,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    reference: Collection[str] = (),
    arms: Mapping[str, Collection[str]] | None = None,
) -> Analysis:
    """`contrasts` of a study that looked at its data after ``looks`` repeats and went on with what was undecided.

    Each component is judged at the look that settled it or, if none did, at the last; repeats since the last planned
    look count as a look of their own. All intervals hold together with the ``confidence``. ``p`` is adjusted for the
    components and the looks, and two components share a tier where their intervals meet.
    """
    checked(names, confidence, smallest)
    _checked(looks)
    kept = list(cells)
    repeats = sorted({cell.repeat for cell in kept})
    sizes = [size for size in looks if size <= len(repeats)]
    if len(sizes) < len(looks) and (not sizes or sizes[-1] < len(repeats)):
        sizes.append(max(1, len(repeats)))
    errors = levels(tuple(sizes), len(looks), len(names), 1.0 - confidence)
    found: dict[str, Effect] = {}
    for size, error in zip(sizes, errors, strict=True):
        first = set(repeats[:size])
        analysis = contrasts(
            [cell for cell in kept if cell.repeat in first],
            names,
            maximize=maximize,
            confidence=1.0 - error,
            smallest=smallest,
            reference=reference,
            arms=arms,
        )
        for effect in analysis.effects:
            if effect.name not in found or found[effect.name].verdict is Verdict.UNDECIDED:
                p = None if effect.p is None else min(1.0, effect.p * (1.0 - confidence) / error)
                found[effect.name] = msgspec.structs.replace(effect, p=p)
    effects = [found[name] for name in names]
    return msgspec.structs.replace(
        analysis,
        effects=[
            msgspec.structs.replace(effect, tier=tier)
            for effect, tier in zip(effects, _tiers(effects, maximize=maximize), strict=True)
        ],
        confidence=confidence,
        method=f"{analysis.method}, each at its own last look (after {', '.join(map(str, sizes))} repeats; "
        f"{100 * confidence:g} % over all looks: alpha spending, Lan and DeMets)",
    )


def _tiers(effects: Sequence[Effect], *, maximize: bool) -> list[int]:
    """Tiers by whether the effects' intervals meet."""
    sign = -1.0 if maximize else 1.0
    worth = np.array([np.nan if effect.difference is None else sign * effect.difference for effect in effects])
    worth[[effect.difference is None and effect.verdict is Verdict.HELPS for effect in effects]] = np.inf
    half = np.array(
        [np.inf if effect.low is None or effect.high is None else (effect.high - effect.low) / 2 for effect in effects]
    )
    return tiers(worth, half[:, None] + half)


def _checked(looks: Sequence[int]) -> None:
    if not looks or list(looks) != sorted(set(looks)) or looks[0] < 2:
        raise UsageError(f"looks={tuple(looks)} must be rising numbers of repeats from 2 on, such as {LOOKS}")
