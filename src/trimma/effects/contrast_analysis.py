"""The analysis of contrasts of arms, from the model that was fitted to the cells."""

import math
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from trimma.effects.analysis import Analysis, Effect
from trimma.effects.arrays import Numbers
from trimma.effects.collapsed_runs import CollapsedRuns, collapsed_runs
from trimma.effects.conclusions import effects_with_conclusions
from trimma.effects.effect_counts import EffectCounts
from trimma.effects.failure_tests import failure_tests
from trimma.effects.fitting.additive_model import AdditiveFit
from trimma.effects.fitting.contrast_model import ContrastModel
from trimma.effects.fitting.paired_differences import contrasts_by_repeat
from trimma.effects.method_and_notes import collapse_notes, failure_notes, method_words, model_notes
from trimma.effects.observations import Observations


def contrast_analysis(
    names: Sequence[str],
    model: ContrastModel,
    rows: Numbers,
    counts: Sequence[EffectCounts],
    intervals: str,
    *,
    maximize: bool,
    confidence: float,
    smallest: float | None,
    notes: Sequence[str] = (),
    without: str = "without",
) -> Analysis:
    """The analysis of the contrasts ``rows``, of shape (names, arms).

    ``intervals`` names the kind of intervals that a pooled variance gives, and ``smallest`` is the smallest difference
    that matters, in units of the metric.
    """
    estimates = model.estimates(rows)
    failing = failure_tests(counts, confidence)
    observations = model.trainings.observations
    collapse = collapsed_runs(observations, maximize=maximize)
    effects = effects_with_conclusions(
        names,
        estimates,
        counts,
        failing,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        equivalence=collapse is None,
    )
    if collapse is not None:
        effects = _with_collapses(effects, observations, rows, collapse)
    mean, deviation = _reference_moments(model.trainings)
    variance = model.arms.common if model.arms and not model.single else model.trainings.variance
    return Analysis(
        effects=effects,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        baseline_mean=mean,
        baseline_sd=deviation,
        residual_sd=None if variance is None else math.sqrt(variance),
        freedom=model.additive.freedom,
        equal_variances=None if model.arms is None else model.arms.unequal,
        step=model.step,
        spent=failing.spent,
        method=method_words(model, intervals, confidence, smallest),
        notes=[*model_notes(model), *collapse_notes(collapse), *failure_notes(names, counts, failing, without), *notes],
    )


def _reference_moments(fit: AdditiveFit) -> tuple[float | None, float | None]:
    """The mean and the standard deviation of the first arm's values; None where there are too few."""
    values = fit.observations.value[fit.observations.arm == 0]
    mean = float(values.mean()) if len(values) else None
    return mean, float(values.std(ddof=1)) if len(values) > 1 else None


def _with_collapses(
    effects: Sequence[Effect], observations: Observations, rows: Numbers, collapse: CollapsedRuns
) -> list[Effect]:
    """The effects of the contrasts ``rows``, of shape (effects, arms), with their medians and collapsed runs.

    Runs of the arms that a contrast adds are those without the component.
    """
    samples = contrasts_by_repeat(observations, rows)
    by_arm = np.bincount(observations.arm[collapse.collapsed], minlength=len(observations.arms))
    found = []
    for effect, row, values in zip(effects, rows, samples.T, strict=True):
        known = values[np.isfinite(values)]
        found.append(
            replace(
                effect,
                collapsed=int(by_arm[row > 0].sum()),
                median=float(np.median(known)) if len(known) and effect.difference is not None else None,
            )
        )
    return found
