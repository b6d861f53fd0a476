"""Main effects: each component's effect averaged over the others, from factorial and screening designs."""

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec.structs import replace

from trimma.effects.analysis import Analysis
from trimma.effects.argument_checks import check_arguments
from trimma.effects.arrays import Flags, Numbers
from trimma.effects.contrast_analysis import contrast_analysis
from trimma.effects.effect_counts import blamed_alone, counts_without
from trimma.effects.fitting.additive_model import ROUNDING
from trimma.effects.fitting.contrast_model import ContrastModel, fit_contrast_model
from trimma.effects.fitting.lack_of_fit import lack_of_fit
from trimma.effects.observations import Cell, Removed, observe

_LEVEL = 0.05
"""Of the test whether components interact."""


def main_effects(
    cells: Iterable[Cell],
    names: Sequence[str],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    overlap: float = 0.0,
) -> Analysis:
    """What leaving out each of ``names`` does on average over the design's other removals, in units of the metric.

    In a factorial or screening design about half of the other components are left out too, so this isn't what the
    component is worth to the whole. The arms' means, after what repeats do to them, are fitted by least squares to what
    the arms leave out. The noise is that of repeats of the same arm, so that interactions don't count as noise. With
    one repeat they do, and a note says so. Cells of arms that leave out something else than ``names`` are ignored. A
    component that the arms don't tell from others (an alias, or one that every arm or none leaves out) has no
    difference.

    ``smallest`` and the errors are those of `contrasts`. ``probability`` isn't given: there is no one whole.
    """
    check_arguments(names, confidence, smallest)
    known = frozenset(names)
    mine = [cell for cell in cells if known.issuperset(cell.arm)]
    whole = any(not cell.arm for cell in mine)
    observations = observe(mine, (frozenset(),) if whole or not mine else (frozenset(mine[0].arm),))
    model = fit_contrast_model(observations, overlap=overlap)
    present = ~np.isnan(model.additive.mean)
    design = np.array([[1.0, *(float(name in arm) for name in names)] for arm in observations.arms], dtype=np.float64)
    rows, clear = _coefficients(design, present)
    notes = _missing(observations.arms, present, len(names))
    interacting = lack_of_fit(model.additive, design, present)
    if interacting is not None and interacting < _LEVEL:
        notes.append(
            f"Components interact (lack of fit, F p = {interacting:.2g}): what a component is worth depends on which "
            "others are there, and where arms don't part interactions from main effects, these may have been moved by "
            "them. Confirm what matters by leaving it out of the whole."
        )
    if model.additive.variance is None:
        model = _one_repeat(model, design, present)
        if model.additive.variance is not None:
            notes.append("One repeat: the noise is what main effects leave unexplained, interactions among it.")
    without = {name: counts_without(model.additive, name) for name in names}
    failing = {name for name, count in without.items() if count.always_failed}
    counts = [blamed_alone(model.additive, count, name, failing) for name, count in without.items()]
    unclear = [name for name, apart in zip(names, clear, strict=True) if not apart and name not in failing]
    if unclear:
        notes.append(f"The arms don't tell {', '.join(unclear)} from other components: no effect is given.")
    spared = [name for name, count in zip(names, counts, strict=True) if name in failing and not count.always_failed]
    if spared:
        notes.append(
            f"Every training without {', '.join(spared)} failed, but each lacked another such component too: "
            "the arms don't tell which of them are needed."
        )
    notes.append("Effects are averaged over systems in which other components are left out too.")
    return contrast_analysis(
        names,
        model,
        rows,
        counts,
        "studentized maximum modulus",
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        notes=notes,
    )


def _missing(arms: Sequence[Removed], present: Flags, names: int) -> list[str]:
    """A note where some of the ``arms`` aren't ``present``, which is of shape (arms,)."""
    gone = [arm for arm, there in zip(arms, present, strict=True) if not there]
    if not gone:
        return []
    example = "all of them" if len(gone[0]) == names else ", ".join(sorted(gone[0]))
    note = (
        f"{len(gone)} of {len(arms)} arms gave no value (one leaves out {example}): main effects are not clear of "
        "interactions any more, and may be wrong by as much as these are."
    )
    return [note]


def _coefficients(design: Numbers, present: Flags) -> tuple[Numbers, list[bool]]:
    """The weight of each arm in each effect, and whether the effect can be told from the others.

    ``design``, of shape (arms, 1 + effects), has a column of ones and then a column for each component, 1 where the arm
    leaves it out. ``present``, of shape (arms,), tells the arms that have a mean. The weights are of shape (effects,
    arms), and NaN for an effect that can't be told.
    """
    arms, columns = design.shape
    rows = np.full((columns - 1, arms), np.nan)
    if not present.any():
        return rows, [False] * (columns - 1)
    inverse = np.linalg.pinv(design[present])
    clear = np.abs(inverse @ design[present] - np.eye(columns)).max(axis=1) < 1e-8
    rows[:, :] = 0.0
    rows[:, present] = inverse[1:]
    rows[~clear[1:]] = np.nan
    return np.where(np.abs(rows) < 1e-12, 0.0, rows), clear[1:].tolist()


def _one_repeat(model: ContrastModel, design: Numbers, present: Flags) -> ContrastModel:
    """The model with the noise that main effects leave unexplained, where there are arms to spare.

    ``design`` and ``present`` are those of `_coefficients`.
    """
    fit = model.additive
    arms = fit.observations.arm
    if len(fit.observations.repeats) != 1 or not present.any():
        return model
    level = fit.mean[arms]
    left = level - design[arms] @ (np.linalg.pinv(design[arms]) @ level)
    freedom = len(arms) - int(np.linalg.matrix_rank(design[arms]))
    if freedom < 1:
        return model
    variance = float(left @ left) / freedom
    negligible = (ROUNDING * float(np.abs(fit.observations.value).max())) ** 2
    loose = replace(fit, variance=0.0 if variance <= negligible else variance, freedom=freedom)
    return ContrastModel(additive=loose, step=model.step, overlap=model.overlap)
