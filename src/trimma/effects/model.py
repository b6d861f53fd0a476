"""Contrasts of arms under the additive model: estimates, how noisy they are, and what to say of that."""

import math

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trimma.effects.arrays import Numbers
from trimma.effects.blocks import NOTHING, Additive, additive
from trimma.effects.cells import Observations
from trimma.effects.estimates import Estimates
from trimma.effects.paired import by_repeat, paired
from trimma.effects.reference import Squares, averaged, squares, two_variances
from trimma.effects.variances import Equality, Variances, equality

FEW = 8
"""Repeats below which an effect's own variance comes out so small by chance that the pooled one is a floor to it."""


class Fitted(Struct, frozen=True, kw_only=True):
    """A fit, and what tests say of its assumption that all arms are equally noisy.

    Where the reference was trained several times in a repeat, ``additive`` is fitted to the means of these, whose
    variance is one of its own, and ``single`` to all trainings as they are; otherwise ``single`` is None.
    """

    additive: Additive
    equality: Equality
    single: Additive | None = None

    @property
    def trainings(self) -> Additive:
        """The fit to single trainings."""
        return self.single or self.additive

    @property
    def exact(self) -> bool:
        """Whether repeats of an arm differ by nothing but what their repeat does to all arms."""
        return self.additive.variance == 0

    @property
    def repetitive(self) -> bool:
        """Whether all repeats came to the same, so that they tell no more than one of them."""
        observations = self.additive.observations
        groups = [observations.value[observations.arm == place] for place in range(len(observations.arms))]
        return (
            self.exact and len(observations.repeats) > 1 and all(np.ptp(group) == 0 for group in groups if len(group))
        )

    @property
    def _enough(self) -> bool:
        """Whether each effect's own variance is all that its interval rests on where variances differ."""
        return self.equality.assumed is not None or len(self.additive.observations.repeats) >= FEW

    def estimates(self, rows: Numbers) -> Estimates:
        """Of the contrasts ``rows`` (contrasts by arms, each of sum zero)."""
        pooled = self._pooled(rows)
        if not self.equality.doubtful:
            return pooled
        own = self._paired(rows)
        if self._enough:
            return own
        return replace(own, floor=replace(pooled, difference=own.difference))

    def _pooled(self, rows: Numbers) -> Estimates:
        fit = self.additive
        unknown = np.isnan(fit.mean)
        difference = np.where(rows[:, unknown].any(axis=1), np.nan, rows @ np.where(unknown, 0.0, fit.mean))
        if fit.variance is None:
            return Estimates(difference=difference)
        if self.exact:
            difference[np.abs(difference) <= NOTHING * float(np.abs(fit.observations.value).max())] = 0.0
        if self.repetitive:
            return Estimates(difference=difference)
        parts = self._parts
        if self.single is None or self.exact:
            covariance, freedom = fit.variance * fit.covariance(rows), np.full(len(rows), float(fit.freedom))
        elif parts is None:
            return replace(self._paired(rows), difference=difference)
        else:
            covariance, freedom = two_variances(fit, rows, parts, pooled=bool(self.equality.assumed))
        alike = len(set(freedom[np.isfinite(difference)].tolist())) <= 1
        return Estimates(difference=difference, covariance=covariance, freedom=freedom, shared=alike)

    @property
    def _parts(self) -> Squares | None:
        """What tells the variance of the reference's means from the others'; None for a single component."""
        return squares(self.additive) if self.single else None

    def _paired(self, rows: Numbers) -> Estimates:
        return paired(by_repeat(self.additive.observations, rows))

    def method(self, intervals: str, confidence: float) -> str:
        """In words, for the foot of a table; ``intervals`` names those of a pooled variance."""
        fit = self.additive
        model = "additive model of arm and repeat"
        simultaneous = f"simultaneous {100 * confidence:.4g} % intervals"
        if fit.variance is None or self.repetitive:
            return f"{model}; no intervals"
        if self.exact:
            return f"{model}; no noise, so intervals have no width"
        if self.equality.doubtful or (self.single and not self._parts):
            floor = self.equality.doubtful and not self._enough
            own = "paired differences within repeats, each with a variance of its own"
            return f"{own}, {simultaneous} (Sidak)" + (
                f", none narrower than by pooled variance ({intervals})" if floor else ""
            )
        freedom = f"{fit.freedom} degree{'s' * (fit.freedom != 1)} of freedom"
        variance = f"pooled variance ({freedom})"
        if self.single:
            kind = variance if self.equality.assumed else "moderated variances (Smyth)"
            variance = f"{kind}, that of the reference's means by itself (Satterthwaite)"
        return f"{model}, {variance}, {simultaneous} ({intervals})"

    def notes(self) -> list[str]:
        """In words, what holds for all effects of the fit."""
        observations = self.additive.observations
        notes = []
        if not len(observations.value):
            notes.append("No training gave a value: there is nothing to compare.")
        elif np.ptp(observations.value) == 0 and len(observations.value) > 1:
            notes.append("The metric had no variance: all trainings gave the same value. Is it the right metric?")
        elif self.repetitive:
            notes.append(
                "All repeats came to the same, so they tell no more than one of them: there are no intervals. Let the "
                "objective take `split` and `seed`, and divide the data and seed the training with them."
            )
        elif self.exact:
            notes.append(
                "Repeats of an arm did not differ beyond what all arms share: differences are taken as exact. "
                "If training is random, check that it uses the trial's seed."
            )
        elif self.additive.variance is None:
            notes.append(
                "One repeat gives no intervals: nothing tells a difference from noise. Run at least 3 repeats."
                if len(observations.repeats) == 1
                else "Too few values in shared repeats to tell differences from noise: there are no intervals."
            )
        if self.equality.doubtful and self.equality.assumed is None:
            notes.append(f"{self.equality.words()}: each effect has a variance of its own.")
        return notes


def fitted(observations: Observations, *, reference: bool = False, variances: Variances = "tested") -> Fitted:
    """Fit and, where ``variances`` are to be tested, test whether all arms are equally noisy.

    ``reference`` where all effects are differences from the first arm.
    """
    steady = averaged(observations) if reference else observations
    fit = additive(steady)
    single = None if steady is observations else additive(observations)
    if variances == "tested":
        tested = equality(fit, reference="averaged" if single else "tested" if reference else "as others")
    else:
        tested = Equality(assumed=variances == "pooled" or not fit.variance)
    return Fitted(additive=fit, equality=tested, single=single)


def reference_moments(fit: Additive) -> tuple[float | None, float | None]:
    """The mean and the standard deviation of the first arm's values; None where there are too few."""
    values = fit.observations.value[fit.observations.arm == 0]
    mean = float(values.mean()) if len(values) else None
    return mean, float(values.std(ddof=1)) if len(values) > 1 else None


def residual_deviation(fit: Additive) -> float | None:
    """The standard deviation of the noise."""
    return None if fit.variance is None else math.sqrt(fit.variance)
