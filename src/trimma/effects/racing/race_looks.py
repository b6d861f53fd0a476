"""The looks of a race, and each component's effect at the last look that it took part in.

At each look the intervals are wide enough for all looks together to keep the confidence, whichever components have
dropped out by then and for whatever reason (repeated confidence intervals: Jennison and Turnbull, JRSS B 1989).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from trimma.effects.analysis import Analysis, Conclusion, Effect
from trimma.effects.contrasts import contrasts
from trimma.effects.observations import Cell, Removed
from trimma.effects.racing.alpha_spending import nominal_levels
from trimma.errors import UsageError

LOOKS = (3, 6, 12, 24)
"""After how many repeats a race looks at its data."""


class EffectAtLook(NamedTuple):
    """An effect, and after how many repeats the ``look`` was taken that it is from."""

    effect: Effect
    look: int


def effects_at_looks(
    cells: Sequence[Cell],
    names: Sequence[str],
    taken: Sequence[int],
    planned: int,
    *,
    maximize: bool,
    confidence: float,
    smallest: float | None,
    overlap: float,
    reference: Collection[str],
    arms: Mapping[str, Collection[str]] | None,
    adding: bool,
) -> tuple[dict[str, EffectAtLook], Analysis]:
    """Each name's effect at the look that settled it or that it took part in last, and the last look's analysis.

    Looks have been ``taken`` after so many repeats, of ``planned`` looks in all. The other arguments are those of
    `trimma.effects.contrasts`.
    """
    repeats = sorted({cell.repeat for cell in cells})
    arm_of: dict[str, Removed] = {name: frozenset(arms[name] if arms else (name,)) for name in names}
    found: dict[str, EffectAtLook] = {}
    before = 0
    levels = nominal_levels(tuple(taken), planned, len(names), 1.0 - confidence)
    for look, level in zip(taken, levels, strict=True):
        first, new = set(repeats[:look]), set(repeats[before:look])
        running = {frozenset(cell.arm) for cell in cells if cell.repeat in new}
        analysis = contrasts(
            [cell for cell in cells if cell.repeat in first],
            names,
            maximize=maximize,
            confidence=1.0 - level,
            smallest=smallest,
            overlap=overlap,
            reference=reference,
            arms=arms,
            adding=adding,
        )
        for effect in analysis.effects:
            earlier = found.get(effect.name)
            undecided = earlier is not None and earlier.effect.conclusion is Conclusion.UNDECIDED
            if earlier is None or (undecided and arm_of[effect.name] in running):
                scale = (1.0 - confidence) / level
                p, failure_p = (None if p is None else min(1.0, p * scale) for p in (effect.p, effect.failure_p))
                found[effect.name] = EffectAtLook(replace(effect, p=p, failure_p=failure_p), look)
        before = look
    return found, analysis


def check_looks(looks: Sequence[int]) -> None:
    """Raise `UsageError` unless ``looks`` are rising numbers of repeats."""
    if not looks or list(looks) != sorted(set(looks)) or looks[0] < 2:
        raise UsageError(f"looks={tuple(looks)} must be rising numbers of repeats from 2 on, such as {LOOKS}")
