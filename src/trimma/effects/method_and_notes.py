"""In words: how effects were found, and what a reader must know besides."""

from collections.abc import Sequence

import numpy as np

from trimma.effects.collapsed_runs import CollapsedRuns
from trimma.effects.effect_counts import EffectCounts
from trimma.effects.failure_tests import FailureTests
from trimma.effects.fitting.arm_variances import enough_repeats
from trimma.effects.fitting.contrast_model import ContrastModel

OVERLAP_WORDS = ", corrected for data that repeats share (Nadeau and Bengio 2003)"

_LOUD = 0.05
"""The p from which on it is said that an arm is noisier than the others."""


def method_words(model: ContrastModel, intervals: str, confidence: float, smallest: float | None) -> str:
    """How the effects were found, for the foot of a table.

    ``intervals`` names the kind of intervals that a pooled variance gives. ``smallest`` is the smallest difference that
    matters, in units of the metric.
    """
    words = _interval_words(model, intervals, f"simultaneous {100 * confidence:.4g} % intervals")
    if model.overlap and model.additive.variance and not model.repetitive:
        words += OVERLAP_WORDS
    if smallest is None or model.additive.variance is None:
        return words
    inner = f"the simultaneous {100 * (2 * confidence - 1):g} % interval"
    return f"{words}; equivalent where {inner} lies within {smallest:g} of zero"


def _interval_words(model: ContrastModel, intervals: str, simultaneous: str) -> str:
    additive = "additive model of arm and repeat"
    if model.additive.variance is None or model.repetitive:
        return f"{additive}; no intervals"
    if model.exact:
        return f"{additive}; no noise, so intervals have no width"
    if model.paired:
        return f"paired differences within repeats, each with a variance of its own, {simultaneous} (Sidak)"
    return f"{additive}, {_variance_words(model)}, {simultaneous} ({intervals})"


def _variance_words(model: ContrastModel) -> str:
    freedom = model.additive.freedom
    if model.arms is None or model.arms.alike.all():
        return f"pooled variance ({freedom} degree{'s' * (freedom != 1)} of freedom)"
    own = ~model.arms.alike
    if model.single:
        own = own[1:]
    kind = (
        "variances of arms moderated by evidence of unequal noise (Smyth; Satterthwaite)"
        if own.any()
        else "pooled variance (Satterthwaite)"
    )
    means = ", that of the reference's means by itself" if model.single else ""
    return f"{kind}{means}"


def model_notes(model: ContrastModel) -> list[str]:
    """What holds for all effects of the fit."""
    observations = model.additive.observations
    notes = []
    if not len(observations.value):
        notes.append("No training gave a value: there is nothing to compare.")
    elif np.ptp(observations.value) == 0 and len(observations.value) > 1:
        notes.append("The metric had no variance: all trainings gave the same value. Is it the right metric?")
    elif model.repetitive:
        notes.append(
            "All repeats came to the same, so they tell no more than one of them: there are no intervals. Let the "
            "objective take `split` and `seed`, and divide the data and seed the training with them."
        )
    elif model.exact:
        notes.append(
            "Repeats of an arm did not differ beyond what all arms share: differences are taken as exact. "
            "If training is random, check that it uses the trial's seed."
        )
    elif model.additive.variance == 0:
        notes.append(
            "Repeats of an arm did not differ, which may be chance, since the metric moves in steps of "
            f"{model.step:.3g}: no interval is narrower than two steps in one repeat would make it."
        )
    elif model.additive.variance is None:
        notes.append(
            "One repeat gives no intervals: nothing tells a difference from noise. Run at least 3 repeats."
            if len(observations.repeats) == 1
            else "Too few values in shared repeats to tell differences from noise: there are no intervals."
        )
    return [*notes, *_noise_notes(model)]


def _noise_notes(model: ContrastModel) -> list[str]:
    """Which arms are noisier than the others, and whether there are too few repeats to tell."""
    if model.arms is None:
        return []
    notes = []
    if loud := np.flatnonzero(model.arms.noisier < _LOUD).tolist():
        arms = model.additive.observations.arms
        names = ", ".join(" + ".join(sorted(arms[place])) or "the whole" for place in loud)
        notes.append(
            f"Unequal noise: {names} {'varies' if len(loud) == 1 else 'vary'} more from repeat to repeat than other "
            f"arms (F test, corrected p = {model.arms.unequal:.2g}). Their variance is mostly their own."
        )
    if model.arms.few:
        observations = model.additive.observations
        enough = enough_repeats(len(observations.arms))
        notes.append(
            "These are few repeats to tell whether all arms are equally noisy, so intervals are wide. "
            f"Run at least {enough}."
            if len(observations.repeats) < enough
            else "Some arms have too few repeats to tell whether they are equally noisy, so their intervals are wide."
        )
    return notes


def collapse_notes(collapse: CollapsedRuns | None) -> list[str]:
    """What is to be known of runs that collapsed."""
    if collapse is None:
        return []
    told = f"{int(collapse.collapsed.sum())} of {len(collapse.collapsed)} trainings collapsed: they came to far worse"
    where = f" (at best {collapse.best:.3g}, the others at worst {collapse.worst:.3g})" if collapse.apart else ""
    count = (
        "" if collapse.threshold is None else f", or count such trainings as failed: collapsed={collapse.threshold:g}"
    )
    mixed = "Means and intervals mix two kinds of training, so nothing is called equivalent"
    note = f"{told} than the others of their arms{where}. {mixed}. Compare the medians (in the data frame){count}."
    return [note]


def failure_notes(
    names: Sequence[str], counts: Sequence[EffectCounts], failing: FailureTests, without: str = "without"
) -> list[str]:
    """What failed, whether that is more than chance may do, and what was stopped."""
    found = list(zip(names, counts, failing.p, failing.more, failing.less, strict=True))
    notes = [
        f"Trainings {without} {name} fail {'more' if more else 'less'} often: {count.failed} of {count.tried} failed, "
        f"and {count.others_failed} of {count.others_tried} of those they are compared with (Fisher's exact test, "
        f"adjusted p = {p:.2g})."
        for name, count, p, more, less in found
        if more or less
    ]
    if same := [name for name, count in zip(names, counts, strict=True) if count.identical]:
        notes.append(
            f"Trainings {without} {', '.join(same)} came to exactly the same as those they are compared with: check "
            "that the objective uses what is left out."
        )
    some = [f"{name} ({count.failures})" for name, count, _, more, less in found if count.failures and not more | less]
    if some:
        notes.append(
            f"Trainings failed {without} {', '.join(some)}, not more often than chance may have it (Fisher's exact "
            "test)."
        )
    if any(count.failures or count.others_failed for count in counts):
        notes.append("Differences are of the trainings that ended.")
    stopped = sum(count.censored for count in counts)
    if stopped:
        notes.append(
            f"{stopped} training{'s were' if stopped != 1 else ' was'} stopped early and not compared: "
            "what is missing isn't missing by chance, so differences may be biased."
        )
    return notes
