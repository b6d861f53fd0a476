"""Tests whether all arms are equally noisy: Brown and Forsythe's test, and an F test of the reference."""

from typing import Literal

import numpy as np
from msgspec import Struct

from trimma.effects.arrays import Numbers
from trimma.effects.distributions.f_distribution import f_survival
from trimma.effects.fitting.additive_model import AdditiveFit
from trimma.effects.fitting.reference_variance import sums_of_squares

# Levels by simulation with 11 arms and 5 repeats: about one in seven studies of equal noise is called unequal, which
# widens its intervals, and where noise ranges over a factor of four the error of all intervals stays near 5 %.
ARMS = 0.14
REFERENCE = 0.08
# ... and for the arms without a reference that has a variance of its own: those that are left carry more of the error
ARMS_ALONE = 0.40
_FEWEST = 3

Variances = Literal["tested", "pooled", "own"]
"""Which variances effects have: one of all arms unless a test finds it wrong, one in any case, or each its own."""

ReferenceRole = Literal["tested", "averaged", "as others"]
"""The first arm: what all differences are from, the same as means of several trainings, or one of the others."""


class EqualVarianceTests(Struct, frozen=True, kw_only=True):
    """The p of two tests: that all arms are equally noisy, and that the first isn't noisier than the others.

    The second is there because the first arm is part of all differences from it: too small a variance for it spoils
    all intervals at once. A p is None where there are too few values. ``level`` is that of the first test. Where
    ``assumed`` isn't None, it says whether equal variances are taken for granted, and the tests don't matter.
    """

    arms: float | None = None
    reference: float | None = None
    level: float = ARMS
    assumed: bool | None = None

    @property
    def doubtful(self) -> bool:
        """Whether one variance for all arms is too much to assume."""
        if self.assumed is not None:
            return not self.assumed
        return self._unequal or (self.reference is not None and self.reference < REFERENCE)

    @property
    def _unequal(self) -> bool:
        return self.arms is not None and self.arms < self.level

    def words(self) -> str:
        """Which test says that variances differ."""
        if self._unequal:
            return f"Arms may be unequally noisy (Brown-Forsythe p = {self.arms:.2g})"
        return f"The reference may be noisier than the other arms (F p = {self.reference:.2g})"


def equal_variance_tests(fit: AdditiveFit, *, reference: ReferenceRole) -> EqualVarianceTests:
    """Test the residuals of the fit, and the first arm where it is a ``reference`` that is to be tested."""
    if not fit.variance:
        return EqualVarianceTests()
    if reference == "averaged":
        return EqualVarianceTests(arms=_brown_forsythe(fit, first=1), level=ARMS_ALONE)
    noisier = _reference_f_test(fit) if reference == "tested" else None
    return EqualVarianceTests(arms=_brown_forsythe(fit, first=0), reference=noisier)


def _brown_forsythe(fit: AdditiveFit, first: int) -> float | None:
    """The p of an analysis of variance of the residuals' distances from their arm's median, from arm ``first`` on.

    The least distance of each arm is left out: it is 0, or tells what its neighbour does. Sources: Brown and
    Forsythe, JASA 1974; Hines and Hines, Biometrics 2000.
    """
    arm = fit.observations.arm
    order = np.argsort(arm, kind="stable")
    parts = np.split(fit.residual[order], np.cumsum(np.bincount(arm))[:-1])[first:]
    groups = [np.sort(np.abs(part - _median(part)))[1:] for part in parts if len(part) >= _FEWEST]
    if len(groups) < 3:  # of two arms in blocks, residuals are equal but for their sign
        return None
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    means = np.array([group.mean() for group in groups])
    total = float(sizes.sum())
    between = float(sizes @ (means - sizes @ means / total) ** 2) / (len(groups) - 1)
    below = total - len(groups)
    within = (sum(float(group @ group) for group in groups) - float(sizes @ means**2)) / below
    return f_survival(between / within, len(groups) - 1, below) if within > 0 else None


def _median(values: Numbers) -> float:
    """The median of ``values``, of shape (values,)."""
    ordered, middle = np.sort(values), len(values) // 2
    return float(ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def _reference_f_test(fit: AdditiveFit) -> float | None:
    """The p of an F test of the first arm's own squares, which a parameter for each of its values would explain."""
    if int((fit.observations.arm == 0).sum()) < _FEWEST:
        return None
    found = sums_of_squares(fit)
    if found is None or found.others <= 0:
        return None
    return f_survival(found.explained / found.above / found.others, found.above, found.below)
