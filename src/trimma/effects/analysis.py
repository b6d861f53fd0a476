"""What an analysis says: effects with intervals and conclusions, and in words how they were found."""

from enum import StrEnum

from msgspec import Struct


class Conclusion(StrEnum):
    """What an effect is called.

    *helps*: the interval excludes zero, and the metric is worse without the component; or no training without it gave
    a value, and that is more than chance may do. *hurts*: the interval excludes zero, and the metric is better without
    it. *equivalent*: both one-sided tests against the smallest difference that matters reject it (Schuirmann 1987), so
    the component may go; this is said even where the interval excludes zero, since such a difference doesn't matter.
    It isn't said where runs collapse.
    *undecided*: none of these.
    """

    HELPS = "helps"
    HURTS = "hurts"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"


class DecisionChances(Struct, frozen=True, kw_only=True):
    """How probable it is that an effect is decided after twice and after four times the repeats, from 0 to 1."""

    at_twice: float
    at_four_times: float


class Effect(Struct, frozen=True, kw_only=True):
    """What leaving out one component does.

    ``difference`` is the value without it less the value of the whole, in units of the metric; None where there is
    nothing to compare. ``low`` and ``high`` bound the simultaneous interval at the analysis's confidence: all of a
    table's intervals hold at once. ``inner_low`` and ``inner_high`` bound the narrower one (90 % where the other is
    95 %) that lies within the smallest difference that matters exactly where the conclusion is *equivalent*; None
    unless that was given. ``p`` is adjusted for all of the table's effects, and below 1 - confidence exactly where
    the interval excludes zero. All five are None where nothing tells the noise, as at one repeat.

    ``repeats`` counts those that have both sides of the difference. ``probability`` is how often a training of the
    whole beats one without the component on the same split: a failure is worse than any value, ties count half. It is
    None where all are ties; the component is ``identical`` then, and probably not used at all. ``failures`` and
    ``censored`` count cells of its arm, and ``collapsed`` those that came to far worse than its others, as where a seed
    diverges. ``median`` is the median of the differences within repeats; it is None where no run of the study has
    collapsed, or where it isn't known. ``failure_p`` is the p of Fisher's exact test that trainings without the
    component fail as often as those with it, adjusted for all components and for the differences that are tested
    besides; None where none failed. ``chances`` are, where undecided, those that more repeats
    would decide. ``letters`` tell effects apart: two that
    share no letter differ, since the simultaneous interval of their difference excludes zero. They are empty where no
    two are told apart.
    """

    name: str
    difference: float | None
    low: float | None = None
    high: float | None = None
    inner_low: float | None = None
    inner_high: float | None = None
    p: float | None = None
    repeats: int = 0
    probability: float | None = None
    identical: bool = False
    failures: int = 0
    failure_p: float | None = None
    censored: int = 0
    collapsed: int = 0
    median: float | None = None
    conclusion: Conclusion = Conclusion.UNDECIDED
    chances: DecisionChances | None = None
    letters: str = ""


class Analysis(Struct, frozen=True, kw_only=True):
    """The effects, in the order in which they were asked for, and how they were found.

    ``baseline_mean`` and ``baseline_sd`` are those of the reference arm's values; ``residual_sd`` is the noise that
    arm and repeat leave unexplained, with ``freedom`` degrees of freedom. ``equal_variances`` is the p, corrected for
    the number of arms, that the noisiest arm is as noisy as the others. ``step`` is that of a metric that moves in
    steps, in its units, and 0 for others. ``spent`` is the part of the error that tests of failures may have used.
    ``method`` says in words what the intervals are, for the foot of a table; ``notes`` say what a reader must know
    besides.
    """

    effects: list[Effect]
    maximize: bool
    confidence: float
    smallest: float | None = None
    baseline_mean: float | None = None
    baseline_sd: float | None = None
    residual_sd: float | None = None
    freedom: int = 0
    equal_variances: float | None = None
    step: float = 0.0
    spent: float = 0.0
    method: str = ""
    notes: list[str] = []
