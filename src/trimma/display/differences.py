"""Differences, intervals and what they mean, as text."""

import math
import re
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from trimma.display.text import NOTHING, count, one_line
from trimma.effects import Conclusion
from trimma.study import Ablation, Arm, Metric
from trimma.views import EffectRow, Findings, arm_words

MINUS = "\N{MINUS SIGN}"
MOST_DECIMALS = 7
VERBS = {
    (Conclusion.HELPS, False): ("helps", "help"),
    (Conclusion.HELPS, True): ("is worse than the whole", "are worse than the whole"),
    (Conclusion.HURTS, False): ("hurts", "hurt"),
    (Conclusion.HURTS, True): ("is better than the whole", "are better than the whole"),
    (Conclusion.EQUIVALENT, False): ("makes no difference that matters", "make no difference that matters"),
    (Conclusion.EQUIVALENT, True): ("makes no difference that matters", "make no difference that matters"),
}
"""What is said of one component and of several, which may be named after what takes their place."""


class Precision(NamedTuple):
    """How many decimals the numbers of one table have; None for three significant digits each."""

    decimals: int | None

    def signed(self, value: float | None) -> str:
        """A difference with its sign; zero has none."""
        return self._text(value, "+")

    def plain(self, value: float | None) -> str:
        """A value without a plus."""
        return self._text(value, "")

    def interval(self, low: float | None, high: float | None) -> str:
        """Both bounds in brackets, a dash where there is no interval."""
        return NOTHING if low is None or high is None else f"[{self.signed(low)}, {self.signed(high)}]"

    def _text(self, value: float | None, sign: str) -> str:
        if value is None or not math.isfinite(value):
            return NOTHING if value is None else f"{value}"
        text = f"{value:{sign}.{self.decimals}f}" if self.decimals is not None else f"{value:{sign}.3g}"
        return text.lstrip("+-") if not text.strip("+-0.e") else text


def precision(rows: Iterable[EffectRow]) -> Precision:
    """As many decimals as the intervals are known to: two digits of a typical half width.

    The narrowest gets at least one digit, for up to two decimals more. Without intervals, three digits of the
    greatest difference.
    """
    rows = list(rows)
    halves = [(row.high - row.low) / 2 for row in rows if row.high is not None and row.low is not None]
    halves = [half for half in halves if math.isfinite(half) and half > 0]
    sizes = [abs(row.difference) for row in rows if row.difference]
    if halves:
        typical = 1 - _magnitude(median(halves))
        decimals = max(typical, min(-_magnitude(min(halves)), typical + 2))
    elif sizes:
        decimals = 2 - _magnitude(max(sizes))
    else:
        decimals = 3
    decimals = max(0, decimals)
    return Precision(None if decimals > MOST_DECIMALS or max(sizes, default=0.0) >= 1e7 else decimals)


def p_text(p: float | None) -> str:
    """A p to three decimals.

    >>> p_text(0.0123), p_text(1e-9), p_text(None)
    ('0.012', '<0.001', '-')
    """
    if p is None:
        return NOTHING
    return "<0.001" if p < 0.001 else ">0.999" if p > 0.999 else f"{p:.3f}"


def confidence_text(confidence: float) -> str:
    """A confidence in percent: ``95 %``."""
    return f"{100 * confidence:.4g} %"


def arm_text(arm: Arm) -> str:
    """What is left out, in words."""
    return arm_words(tuple(map(one_line, arm)))


def design_words(asked: Ablation) -> str:
    """The design's name, and its settings that were given: ``leave-one-out``, ``factorial (resolution=4)``."""
    name, _, settings = asked.design.partition("(")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name.rpartition(".")[2]).lower()
    told = [
        each for each in settings.removesuffix(")").split(", ") if each and not each.endswith(("=None", "baselines=1"))
    ]
    return f"{words} ({', '.join(each.removesuffix('=True') for each in told)})" if told else words


def plan_words(asked: Ablation) -> str:
    """The design, how large it is, and how many trainings it takes, at most where that depends on what they show."""
    repeats = f"{asked.looks[0]} to {asked.repeats} repeats" if asked.looks else count(asked.repeats, "repeat")
    tries = f", {asked.tries} configs each" if asked.tries > 1 else ""
    most = "at most " if open_ended(asked) else ""
    components = count(len(asked.components), "component")
    trainings = count(asked.trainings, "training")
    return f"{design_words(asked)} of {components}, {repeats}{tries}: {most}{trainings}"


def open_ended(asked: Ablation) -> bool:
    """Whether there may be fewer trainings than the most that there can be."""
    return bool(asked.looks) or asked.analysis == "path"


def change_words(found: Findings) -> str:
    """What a difference is: ``change in accuracy when left out``."""
    when = "put in" if found.put_in else "left out"
    rest = {
        "main-effects": ", on average over the other components",
        "shapley": ", on average over all orders",
        "path": ", step by step",
    }
    return f"change in {found.metric.name} when {when}{rest.get(found.asked.analysis, '')}"


def sides(found: Findings) -> tuple[str, str]:
    """What a negative and what a positive difference means."""
    preposition = "with" if found.put_in else "without"
    worse, better = f"worse {preposition}", f"better {preposition}"
    return (worse, better) if found.metric.maximize else (better, worse)


def metric_words(metric: Metric) -> str:
    """The metric and its direction."""
    return f"{metric.name}, {'higher' if metric.maximize else 'lower'} is better"


def interaction_words(conclusion: Conclusion) -> str:
    """What an interaction means for its two components."""
    return {
        Conclusion.HELPS: "stand in for each other",
        Conclusion.HURTS: "need each other",
        Conclusion.EQUIVALENT: "independent",
        Conclusion.UNDECIDED: "undecided",
    }[conclusion]


def tally(found: Findings) -> str:
    """How many components are decided: ``3 of 10 components decided``."""
    decided = sum(row.decided for row in found.rows)
    return f"{decided} of {count(len(found.asked.components), 'component')} decided"


def decided_words(found: Findings, most: int = 8) -> str:
    """How many components are decided, and which, what is worth most first.

    ``3 of 10 components decided: sex, age help; deck hurts``
    """
    groups = []
    for (conclusion, replaces), (one, many) in VERBS.items():
        rows = [row for row in found.ordered if row.conclusion is conclusion and row.replaces == replaces]
        if names := [one_line(row.component) for row in rows]:
            shown = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
            groups.append(f"{shown} {one if len(names) == 1 else many}")
    return f"{tally(found)}: {'; '.join(groups)}" if groups else tally(found)


def reference_words(found: Findings) -> str:
    """What the others are compared with, and what it came to: ``the whole: accuracy 0.816 (sd 0.004)``."""
    name = "the bare baseline" if found.asked.reference else "the whole"
    mean, spread = found.reference
    if mean is None:
        return f"{name}: no value yet"
    digits = value_precision(mean, spread)
    text = f"{name}: {found.metric.name} {digits.plain(mean)}"
    return f"{text} (standard deviation {digits.plain(spread)})" if spread else text


def value_precision(mean: float, spread: float | None) -> Precision:
    """Two digits of the spread, or five of the mean where there is none."""
    decimals = 1 - _magnitude(spread) if spread else 4 - _magnitude(mean) if mean else 3
    return Precision(None if decimals > MOST_DECIMALS or abs(mean) >= 1e7 else max(0, decimals))


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)))
