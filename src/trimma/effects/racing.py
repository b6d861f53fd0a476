"""Adaptive repeats: which components are settled at a look, and an analysis that holds in spite of the looks.

At each look the intervals are wide enough for all looks together to keep the confidence, whichever components have
dropped out by then and for whatever reason (repeated confidence intervals: Jennison and Turnbull, JRSS B 1989).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from trimma.effects.analysis import Analysis, Conclusion, Effect
from trimma.effects.cells import Arm, Cell
from trimma.effects.checks import checked
from trimma.effects.contrasts import contrasts
from trimma.effects.futility import hope
from trimma.effects.spending import levels
from trimma.effects.verdicts import tiers
from trimma.errors import UsageError

LOOKS = (3, 6, 12, 24)
HOPE = 0.10  # of being settled by the last look, below which more repeats are wasted


class Standing(Struct, frozen=True, kw_only=True):
    """Where a race stands after a look: who is ``settled``, who isn't but is ``hopeless``, and who is ``racing`` on.

    A component is settled by a conclusion other than *undecided*. It is hopeless where the last look would settle it
    with a probability below 10 %, to judge by what is known; it stays *undecided*.
    """

    settled: dict[str, Effect]
    hopeless: dict[str, Effect]
    racing: tuple[str, ...]


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
    adding: bool = False,
) -> Standing:
    """Where the race of ``names`` stands after ``look`` repeats; only those racing need more.

    Cells of later repeats are ignored, so that what is already running doesn't matter. A component that has no cells
    since an earlier look is judged at that one.

    Raises `UsageError` for a look that isn't one of ``looks``, and as `contrasts`.
    """
    _checked(looks)
    if look not in looks:
        raise UsageError(f"look={look}: looks are at {', '.join(map(str, looks))} repeats")
    kept = list(cells)
    first = set(sorted({cell.repeat for cell in kept})[:look])
    now = [cell for cell in kept if cell.repeat in first]
    done = [size for size in looks if size <= look]
    judged, _ = _judged(now, names, done, looks, maximize, confidence, smallest, reference, arms, adding)
    settled = {name: effect for name, (effect, _) in judged.items() if effect.conclusion is not Conclusion.UNDECIDED}
    errors = levels(tuple(looks), len(looks), len(names), 1.0 - confidence)
    hopeless = {
        name: effect
        for name, (effect, size) in judged.items()
        if name not in settled
        and (size < look or hope(effect, size, looks, errors, len(names), smallest=smallest) < HOPE)
    }
    return Standing(
        settled=settled,
        hopeless=hopeless,
        racing=tuple(name for name in names if name not in settled and name not in hopeless),
    )


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
    adding: bool = False,
) -> Analysis:
    """`contrasts` of a study that looked at its data after ``looks`` repeats and went on with some components only.

    Each component is judged at the look that settled it or, if none did, at the last that it has cells for; repeats
    since the last planned look count as a look of their own. All intervals hold together with the ``confidence``.
    ``p`` is adjusted for the components and the looks, and two components share a tier where their intervals meet.
    """
    checked(names, confidence, smallest)
    _checked(looks)
    kept = list(cells)
    count = len({cell.repeat for cell in kept})
    sizes = [size for size in looks if size <= count]
    if len(sizes) < len(looks) and (not sizes or sizes[-1] < count):
        sizes.append(max(1, count))
    judged, analysis = _judged(kept, names, sizes, looks, maximize, confidence, smallest, reference, arms, adding)
    effects = [judged[name][0] for name in names]
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


def _judged(
    cells: Sequence[Cell],
    names: Sequence[str],
    sizes: Sequence[int],
    looks: Sequence[int],
    maximize: bool,
    confidence: float,
    smallest: float | None,
    reference: Collection[str],
    arms: Mapping[str, Collection[str]] | None,
    adding: bool,
) -> tuple[dict[str, tuple[Effect, int]], Analysis]:
    """Each name's effect and the look that it is from, and the analysis of the last look."""
    repeats = sorted({cell.repeat for cell in cells})
    arm_of: dict[str, Arm] = {name: frozenset(arms[name] if arms else (name,)) for name in names}
    found: dict[str, tuple[Effect, int]] = {}
    before = 0
    for size, error in zip(sizes, levels(tuple(sizes), len(looks), len(names), 1.0 - confidence), strict=True):
        first, new = set(repeats[:size]), set(repeats[before:size])
        running = {frozenset(cell.arm) for cell in cells if cell.repeat in new}
        analysis = contrasts(
            [cell for cell in cells if cell.repeat in first],
            names,
            maximize=maximize,
            confidence=1.0 - error,
            smallest=smallest,
            reference=reference,
            arms=arms,
            adding=adding,
        )
        for effect in analysis.effects:
            name = effect.name
            if name not in found or (found[name][0].conclusion is Conclusion.UNDECIDED and arm_of[name] in running):
                p = None if effect.p is None else min(1.0, effect.p * (1.0 - confidence) / error)
                found[name] = msgspec.structs.replace(effect, p=p), size
        before = size
    return found, analysis


def _tiers(effects: Sequence[Effect], *, maximize: bool) -> list[int]:
    """Tiers by whether the effects' intervals meet."""
    sign = -1.0 if maximize else 1.0
    worth = np.array([np.nan if effect.difference is None else sign * effect.difference for effect in effects])
    worth[[effect.difference is None and effect.conclusion is Conclusion.HELPS for effect in effects]] = np.inf
    half = np.array(
        [np.inf if effect.low is None or effect.high is None else (effect.high - effect.low) / 2 for effect in effects]
    )
    return tiers(worth, half[:, None] + half)


def _checked(looks: Sequence[int]) -> None:
    if not looks or list(looks) != sorted(set(looks)) or looks[0] < 2:
        raise UsageError(f"looks={tuple(looks)} must be rising numbers of repeats from 2 on, such as {LOOKS}")
