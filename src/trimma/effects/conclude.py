"""From fitted contrasts to an analysis."""

from collections.abc import Sequence

from trimma.effects.analysis import Analysis
from trimma.effects.arrays import Numbers
from trimma.effects.model import Fitted, reference_moments, residual_deviation
from trimma.effects.verdicts import Count, judged


def concluded(
    names: Sequence[str],
    found: Fitted,
    rows: Numbers,
    counts: Sequence[Count],
    intervals: str,
    *,
    maximize: bool,
    confidence: float,
    smallest: float | None,
    notes: Sequence[str] = (),
    without: str = "without",
) -> Analysis:
    """The analysis of the contrasts ``rows`` (names by arms); ``intervals`` names their kind."""
    fit = found.additive
    mean, deviation = reference_moments(found.trainings)
    effects = judged(names, found.estimates(rows), counts, maximize=maximize, confidence=confidence, smallest=smallest)
    method = found.method(intervals, confidence)
    if smallest is not None and fit.variance is not None:
        method += (
            f"; equivalent where the simultaneous {100 * (2 * confidence - 1):g} % interval "
            f"lies within {smallest:g} of zero"
        )
    return Analysis(
        effects=effects,
        maximize=maximize,
        confidence=confidence,
        smallest=smallest,
        baseline_mean=mean,
        baseline_sd=deviation,
        residual_sd=residual_deviation(found.trainings),
        freedom=fit.freedom,
        equal_variances=found.equality.arms,
        method=method,
        notes=[*found.notes(), *outcomes(names, counts, without), *notes],
    )


def outcomes(names: Sequence[str], counts: Sequence[Count], without: str = "without") -> list[str]:
    """In words, what failed and what was stopped."""
    notes = [
        f"Every training without {name} failed ({count.failures}): it helps."
        for name, count in zip(names, counts, strict=True)
        if count.lost
    ]
    some = [
        f"{name} ({count.failures})"
        for name, count in zip(names, counts, strict=True)
        if count.failures and not count.lost
    ]
    if some:
        notes.append(f"Trainings failed {without} {', '.join(some)}: differences are of those that ended.")
    stopped = sum(count.censored for count in counts)
    if stopped:
        notes.append(
            f"{stopped} training{'s were' if stopped != 1 else ' was'} stopped early and not compared: "
            "what is missing isn't missing by chance, so differences may be biased."
        )
    return notes
