"""Contrasts of arms under the additive model: their estimates, with the variance that suits how noisy the arms are."""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.arrays import Numbers
from trimma.effects.fitting.additive_model import ROUNDING, AdditiveFit, fit_additive
from trimma.effects.fitting.equal_variance_tests import EqualVarianceTests, Variances, equal_variance_tests
from trimma.effects.fitting.metric_step import STEPS, metric_step
from trimma.effects.fitting.paired_differences import contrasts_by_repeat, paired_estimates
from trimma.effects.fitting.reference_variance import (
    SumsOfSquares,
    covariance_with_reference_variance,
    sums_of_squares,
    with_reference_averaged,
)
from trimma.effects.intervals.estimates import Estimates, overlapping
from trimma.effects.observations import Observations

FEW = 8
"""Repeats below which an effect's own variance comes out so small by chance that the pooled one is a floor to it."""


class ContrastModel(Struct, frozen=True, kw_only=True):
    """A fit, and what the ``tests`` say of its assumption that all arms are equally noisy.

    Where the reference was trained several times in a repeat, ``additive`` is fitted to the means of these trainings,
    whose variance is one of its own, and ``single`` to all trainings as they are; otherwise ``single`` is None.
    ``step`` is that of a metric that moves in steps, in units of the metric, and 0 for others. No standard error is
    less than what two steps of one training would change, since equal differences may be chance then.
    ``overlap`` is the variance that more repeats don't take away, in that of one repeat.
    """

    additive: AdditiveFit
    tests: EqualVarianceTests
    single: AdditiveFit | None = None
    step: float = 0.0
    overlap: float = 0.0

    @property
    def trainings(self) -> AdditiveFit:
        """The fit to single trainings."""
        return self.single or self.additive

    @property
    def exact(self) -> bool:
        """Whether repeats of an arm differ by nothing but what their repeat does to all arms, and not by chance."""
        return self.additive.variance == 0 and not self.step

    @property
    def repetitive(self) -> bool:
        """Whether all repeats came to the same, so that they tell no more than one of them."""
        observations = self.additive.observations
        groups = [observations.value[observations.arm == place] for place in range(len(observations.arms))]
        return (
            self.additive.variance == 0
            and len(observations.repeats) > 1
            and all(np.ptp(group) == 0 for group in groups if len(group))
        )

    @property
    def floored(self) -> bool:
        """Whether no interval may be narrower than by the pooled variance, although variances differ.

        Where repeats share data, an effect's own variance says too little of new data, however many repeats there are.
        """
        enough = self.tests.assumed is not None or len(self.additive.observations.repeats) >= FEW
        return self.tests.doubtful and (not enough or self.overlap > 0)

    @property
    def reference_squares(self) -> SumsOfSquares | None:
        """What tells the variance of the reference's means from the others'.

        None where the reference was trained once in each repeat, and for a single component.
        """
        return sums_of_squares(self.additive) if self.single else None

    def estimates(self, rows: Numbers) -> Estimates:
        """Of the contrasts ``rows``, of shape (contrasts, arms), each of which sums to zero."""
        pooled = overlapping(self._pooled(rows), self._counts(rows), self.overlap)
        if not self.tests.doubtful:
            return pooled
        own = overlapping(self._paired(rows), self._counts(rows), self.overlap)
        return replace(own, floor=replace(pooled, difference=own.difference)) if self.floored else own

    def _counts(self, rows: Numbers) -> Numbers:
        """How many repeats each of the contrasts ``rows``, of shape (contrasts, arms), rests on: (contrasts,)."""
        return np.full(len(rows), float(len(self.additive.observations.repeats)))

    def _pooled(self, rows: Numbers) -> Estimates:
        """With one variance for all arms, or one for the reference and moderated ones for the others."""
        fit = self.additive
        unknown = np.isnan(fit.mean)
        difference = np.where(rows[:, unknown].any(axis=1), np.nan, rows @ np.where(unknown, 0.0, fit.mean))
        if fit.variance is None:
            return Estimates(difference=difference)
        if fit.variance == 0:
            difference[np.abs(difference) <= ROUNDING * float(np.abs(fit.observations.value).max())] = 0.0
        if self.repetitive:
            return Estimates(difference=difference)
        squares = self.reference_squares
        if self.single is None or fit.variance == 0:
            covariance, freedom = fit.variance * fit.covariance(rows), np.full(len(rows), float(fit.freedom))
        elif squares is None:
            return replace(self._paired(rows), difference=difference)
        else:
            pooled = bool(self.tests.assumed)
            covariance, freedom = covariance_with_reference_variance(fit, rows, squares, pooled=pooled)
        covariance = self._at_least_a_step(covariance, np.abs(rows @ fit.weights).max(axis=1, initial=0.0))
        alike = len(set(freedom[np.isfinite(difference)].tolist())) <= 1
        return Estimates(difference=difference, covariance=covariance, freedom=freedom, shared=alike)

    def _paired(self, rows: Numbers) -> Estimates:
        """With a variance for each contrast, from its values in the repeats."""
        samples = contrasts_by_repeat(self.additive.observations, rows)
        found = paired_estimates(samples)
        if found.covariance is None:
            return found
        size = np.maximum(np.isfinite(samples).sum(axis=0), 1)
        return replace(found, covariance=self._at_least_a_step(found.covariance, np.abs(rows).max(axis=1) / size))

    def _at_least_a_step(self, covariance: Numbers, loads: Numbers) -> Numbers:
        """The covariance of contrasts, of shape (contrasts, contrasts), with no variance below that of two steps.

        ``loads``, of shape (contrasts,), is how much the training that counts most moves each contrast.
        """
        if not self.step:
            return covariance
        raised = covariance.copy()
        np.fill_diagonal(raised, np.maximum(np.diag(covariance), (STEPS * self.step * loads) ** 2))
        return raised


def fit_contrast_model(
    observations: Observations, *, reference: bool = False, variances: Variances = "tested", overlap: float = 0.0
) -> ContrastModel:
    """Fit the additive model and, where ``variances`` are to be tested, test whether all arms are equally noisy.

    ``reference`` says that all effects are differences from the first arm. ``overlap`` is that of
    `trimma.effects.contrasts`.
    """
    averaged = with_reference_averaged(observations) if reference else observations
    fit = fit_additive(averaged)
    single = None if averaged is observations else fit_additive(observations)
    if variances == "tested":
        tests = equal_variance_tests(fit, reference="averaged" if single else "tested" if reference else "as others")
    else:
        tests = EqualVarianceTests(assumed=variances == "pooled" or not fit.variance)
    step = metric_step(observations.value)
    return ContrastModel(additive=fit, tests=tests, single=single, step=step, overlap=overlap)
