"""Contrasts of arms under the additive model: their estimates, with the variance that suits how noisy the arms are."""

from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.arrays import Numbers
from trimma.effects.fitting.additive_model import ROUNDING, AdditiveFit, fit_additive
from trimma.effects.fitting.arm_variances import FEWEST_ARMS, ArmVariances, arm_variances
from trimma.effects.fitting.averaged_reference import with_reference_averaged
from trimma.effects.fitting.metric_step import STEPS, metric_step
from trimma.effects.fitting.paired_differences import contrasts_by_repeat, paired_estimates
from trimma.effects.intervals.estimates import Estimates, overlapping
from trimma.effects.observations import Observations

Variances = Literal["moderated", "pooled", "own"]
"""Which variances effects have: those of their arms, of which noisy ones go their own way; one for all; or each one of
its paired differences."""


class ContrastModel(Struct, frozen=True, kw_only=True):
    """A fit, and how noisy its arms are.

    Where the reference was trained several times in a repeat, ``additive`` is fitted to the means of these trainings,
    and ``single`` to all trainings as they are; otherwise ``single`` is None. ``arms`` tells the variances of the arms,
    and is None where nothing tells them apart or one of the other ``variances`` was asked for.
    ``step`` is that of a metric that moves in steps, in units of the metric, and 0 for others. No standard error is
    less than what two steps of one training would change, since equal differences may be chance then.
    ``overlap`` is the variance that more repeats don't take away, in that of one repeat.
    """

    additive: AdditiveFit
    arms: ArmVariances | None = None
    variances: Variances = "moderated"
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
    def paired(self) -> bool:
        """Whether each effect has the variance of its own paired differences.

        That is where it was asked for, and where three arms are too few to tell which of them is noisy.
        """
        arms = int((~np.isnan(self.additive.mean)).sum())
        return self.variances == "own" or (self.variances == "moderated" and 2 < arms < FEWEST_ARMS)

    def estimates(self, rows: Numbers) -> Estimates:
        """Of the contrasts ``rows``, of shape (contrasts, arms), each of which sums to zero."""
        found = self._paired(rows) if self.paired and self.additive.variance else self._modelled(rows)
        return overlapping(found, self._counts(rows), self.overlap)

    def _counts(self, rows: Numbers) -> Numbers:
        """How many repeats each of the contrasts ``rows``, of shape (contrasts, arms), rests on: (contrasts,)."""
        return np.full(len(rows), float(len(self.additive.observations.repeats)))

    def _modelled(self, rows: Numbers) -> Estimates:
        """With the variances of the arms."""
        fit = self.arms.fit if self.arms else self.additive
        unknown = np.isnan(fit.mean)
        difference = np.where(rows[:, unknown].any(axis=1), np.nan, rows @ np.where(unknown, 0.0, fit.mean))
        if fit.variance is None:
            return Estimates(difference=difference)
        difference[np.abs(difference) <= ROUNDING * float(np.abs(fit.observations.value).max())] = 0.0
        if self.repetitive:
            return Estimates(difference=difference)
        if self.arms is None:
            covariance, freedom = fit.variance * fit.covariance(rows), np.full(len(rows), float(fit.freedom))
        else:
            covariance, freedom = self.arms.covariance(rows)
        covariance = self._at_least_a_step(covariance, np.abs(rows @ fit.weights).max(axis=1, initial=0.0))
        told = freedom[np.isfinite(difference)]
        # what differs by rounding alone is alike
        alike = not len(told) or bool(np.ptp(told) <= 1e-9 * told.max())
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
    observations: Observations, *, reference: bool = False, variances: Variances = "moderated", overlap: float = 0.0
) -> ContrastModel:
    """Fit the additive model, and find out how noisy the arms are.

    ``reference`` says that the first arm is part of all effects. ``overlap`` is that of `trimma.effects.contrasts`.
    """
    averaged = with_reference_averaged(observations) if reference else observations
    fit = fit_additive(averaged)
    single = None if averaged is observations else fit_additive(observations)
    arms = None
    enough = (~np.isnan(fit.mean)).sum() >= FEWEST_ARMS
    if variances == "moderated" and fit.variance and enough:
        own = fit.observations.arm == 0
        times = (observations.arm == 0).sum() / max(1, own.sum()) if single else 1.0
        arms = arm_variances(fit, reference=reference, averaged=float(times))
    step = metric_step(observations.value)
    return ContrastModel(additive=fit, arms=arms, variances=variances, single=single, step=step, overlap=overlap)
