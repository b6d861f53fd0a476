"""Where a race stands after a look: which components are settled, and which need more repeats."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from trimma.effects.analysis import Conclusion, Effect
from trimma.effects.observations import Cell
from trimma.effects.racing.alpha_spending import nominal_levels
from trimma.effects.racing.predictive_power import predictive_power
from trimma.effects.racing.race_looks import LOOKS, check_looks, effects_at_looks
from trimma.errors import UsageError

LEAST_POWER = 0.10
"""The probability of being settled by the last look, below which more repeats of a component are wasted."""


class RaceStanding(Struct, frozen=True, kw_only=True):
    """The effects that are ``settled`` or ``futile``, by the names of their components, and who is ``racing`` on.

    A component is settled by a conclusion other than *undecided*. More repeats of it are futile where the last look
    would settle it with a probability below 10 %, to judge by what is known; it stays *undecided*.
    """

    settled: dict[str, Effect]
    futile: dict[str, Effect]
    racing: tuple[str, ...]


def race_standing(
    cells: Iterable[Cell],
    names: Sequence[str],
    *,
    look: int,
    looks: Sequence[int] = LOOKS,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    overlap: float = 0.0,
    reference: Collection[str] = (),
    arms: Mapping[str, Collection[str]] | None = None,
    adding: bool = False,
) -> RaceStanding:
    """Where the race of ``names`` stands after ``look`` repeats; only those racing need more.

    Cells of later repeats are ignored, so that what is already running doesn't matter. A component that has no cells
    since an earlier look is judged at that one. The arguments that both have are those of `trimma.effects.contrasts`.

    Raises `UsageError` for a look that isn't one of ``looks``, and as `trimma.effects.contrasts`.
    """
    check_looks(looks)
    if look not in looks:
        raise UsageError(f"look={look}: looks are at {', '.join(map(str, looks))} repeats")
    kept = list(cells)
    first = set(sorted({cell.repeat for cell in kept})[:look])
    found, _ = effects_at_looks(
        [cell for cell in kept if cell.repeat in first],
        names,
        [size for size in looks if size <= look],
        len(looks),
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        overlap=overlap,
        reference=reference,
        arms=arms,
        adding=adding,
    )
    settled = {name: effect for name, (effect, _) in found.items() if effect.conclusion is not Conclusion.UNDECIDED}
    levels = nominal_levels(tuple(looks), len(looks), len(names), 1.0 - confidence)

    def power(effect: Effect, last: int) -> float:
        return predictive_power(effect, last, looks, levels, len(names), smallest=smallest, overlap=overlap)

    futile = {
        name: effect
        for name, (effect, last) in found.items()
        if name not in settled and (last < look or power(effect, last) < LEAST_POWER)
    }
    racing = tuple(name for name in names if name not in settled and name not in futile)
    return RaceStanding(settled=settled, futile=futile, racing=racing)
