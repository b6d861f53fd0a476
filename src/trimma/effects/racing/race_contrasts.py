"""The contrasts of a race, which hold in spite of its looks."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from trimma.effects.analysis import Analysis, Effect
from trimma.effects.argument_checks import check_arguments
from trimma.effects.compact_letters import compact_letters
from trimma.effects.observations import Cell
from trimma.effects.racing.race_looks import LOOKS, check_looks, effects_at_looks


def race_contrasts(
    cells: Iterable[Cell],
    names: Sequence[str],
    *,
    looks: Sequence[int] = LOOKS,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    overlap: float = 0.0,
    reference: Collection[str] = (),
    arms: Mapping[str, Collection[str]] | None = None,
    adding: bool = False,
) -> Analysis:
    """`contrasts` of a study that looked at its data after ``looks`` repeats and went on with some components only.

    Each component is judged at the look that settled it or, if none did, at the last that it has cells for; repeats
    since the last planned look count as a look of their own. All intervals hold together with the ``confidence``.
    ``p`` is adjusted for the components and the looks, and two components share a letter where their intervals meet.
    """
    check_arguments(names, confidence, smallest)
    check_looks(looks)
    kept = list(cells)
    count = len({cell.repeat for cell in kept})
    taken = [size for size in looks if size <= count]
    if len(taken) < len(looks) and (not taken or taken[-1] < count):
        taken.append(max(1, count))
    found, analysis = effects_at_looks(
        kept,
        names,
        taken,
        len(looks),
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        overlap=overlap,
        reference=reference,
        arms=arms,
        adding=adding,
    )
    effects = [found[name].effect for name in names]
    found_letters = _letters(effects, maximize=maximize)
    judged = [
        replace(effect, letters=letters, chances=None) for effect, letters in zip(effects, found_letters, strict=True)
    ]
    return replace(
        analysis,
        effects=judged,
        confidence=confidence,
        method=f"{analysis.method}, each at its own last look (after {', '.join(map(str, taken))} repeats; "
        f"{100 * confidence:g} % over all looks: alpha spending, Lan and DeMets)",
    )


def _letters(effects: Sequence[Effect], *, maximize: bool) -> list[str]:
    """The letters of each effect, by whether the effects' intervals meet."""
    sign = -1.0 if maximize else 1.0
    worth = np.array([np.nan if effect.difference is None else sign * effect.difference for effect in effects])
    half = np.array(
        [np.inf if effect.low is None or effect.high is None else (effect.high - effect.low) / 2 for effect in effects]
    )
    return compact_letters(worth, half[:, None] + half)
