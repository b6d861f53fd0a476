"""Each arm against one reference: what leave-one-out designs ask."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from trimma.effects.analysis import Analysis
from trimma.effects.argument_checks import check_arguments
from trimma.effects.contrast_analysis import contrast_analysis
from trimma.effects.effect_counts import counts_against_reference
from trimma.effects.fitting.contrast_model import Variances, fit_contrast_model
from trimma.effects.observations import Cell, observe


def contrasts(
    cells: Iterable[Cell],
    names: Sequence[str],
    *,
    maximize: bool,
    confidence: float = 0.95,
    smallest: float | None = None,
    overlap: float = 0.0,
    reference: Collection[str] = (),
    arms: Mapping[str, Collection[str]] | None = None,
    adding: bool = False,
    variances: Variances = "moderated",
) -> Analysis:
    """What each of ``names`` is worth: its arm less the reference arm, in units of the metric.

    The arm of a name leaves out the name alone, or what ``arms`` gives for it. The arm ``reference`` leaves out
    nothing, unless it is given. With ``adding`` the reference lacks all components and each arm has one of them: the
    difference is then the reference less the arm, so that it is still what the lack of the component changes.

    Values follow an additive model of arm and repeat, fitted to all cells (those of other arms tell of the noise too),
    so that what a repeat does to all arms cancels. Intervals and p are simultaneous (Dunnett 1955). Arms that look
    equally noisy have one pooled variance, and an arm that looks noisier has more and more its own, so that it widens
    no interval but its own (`trimma.effects.fitting.arm_variances`). With few repeats no more than little is pooled,
    since a noisy arm may look quiet. ``variances`` can ask for one variance in any case ("pooled"), or for the paired t
    test of each effect ("own"). Where the reference alone has several cells in a repeat, they count as their mean,
    which has a variance of its own, so that intervals hold whatever part of the noise such cells share.

    ``overlap`` is the variance that more repeats don't take away, because they share data, in that of one repeat: test
    rows by training rows for random splits of one data set (Nadeau and Bengio, Machine Learning 2003).

    ``smallest`` is the smallest difference that matters, in units of the metric. An arm of which every training
    failed has no difference. Its component *helps* where that is more than chance may do
    (`trimma.effects.failure_tests`). One repeat gives differences without intervals.

    Raises `UsageError` for a confidence outside (0.5, 1), a smallest difference that isn't positive, or no names.
    """
    check_arguments(names, confidence, smallest)
    wanted = [frozenset(arms[name] if arms else (name,)) for name in names]
    observations = observe(cells, (frozenset(reference), *wanted))
    model = fit_contrast_model(observations, reference=True, variances=variances, overlap=overlap)
    places = [observations.arms.index(arm) for arm in wanted]
    rows = np.zeros((len(names), len(observations.arms)))
    rows[:, 0] = -1.0
    rows[np.arange(len(names)), places] += 1.0
    rows *= -1.0 if adding else 1.0
    counts = [counts_against_reference(model.trainings, place, maximize=maximize, adding=adding) for place in places]
    return contrast_analysis(
        names,
        model,
        rows,
        counts,
        "Dunnett",
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        without="with" if adding else "without",
    )
