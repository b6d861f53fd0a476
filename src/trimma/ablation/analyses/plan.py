"""Plans of analysis: how effects are estimated from the arms of a design, and how they are told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell

Estimate = Callable[[Ablation, Sequence[Cell], bool], Analysis]
"""Effects from what was asked, the cells (ordered by repeat and arm), and whether the metric is maximized."""

Values = Mapping[frozenset[str], float]
"""What came of the arms of one repeat: the mean of each arm's values."""


def less(values: Values, arm: frozenset[str], other: frozenset[str]) -> float | None:
    """What one arm came to, less what another did; None where one of them has no value."""
    return values[arm] - values[other] if arm in values and other in values else None


def without_one(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """What leaving out the component ``names[place]`` alone changed in one repeat."""
    return less(values, frozenset({names[place]}), frozenset(asked.reference))


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisPlan:
    """One way to estimate effects from the arms of a design, and what must be known to show them.

    ``name`` is kept with the study, and the plan is found by it when the study is shown. That of a plug-in is the name
    of its entry point, or "package.module:NAME", where NAME is the plan's own name in the module.

    ``estimate`` makes the effects. Each has the name of a component, and is what leaving it out changes, or, with
    ``put_in``, what putting it in changes. ``pairs`` makes the interactions of all pairs of components, in their order,
    where the design tells them. ``within`` gives what a component's effect is in one repeat, for pictures: of the
    values of that repeat, and of the component at a place among the names (in the order that ``order`` gives).

    ``order`` gives the names in the order in which they are shown, for what goes step by step; otherwise what is worth
    most comes first. ``words`` are added to what a difference is called, as in ", on average over all orders". With
    ``adaptive`` the arms may be raced: components are compared one by one, and drop out when they are settled.
    ``open_ended`` says that there may be fewer trainings than the design's most. ``pictures`` names those of
    `trimma.display.plots` that it has, the one that shows it best first.
    """

    name: str
    estimate: Estimate
    within: Callable[[Ablation, Values, Sequence[str], int], float | None] = without_one
    pairs: Estimate | None = None
    order: Callable[[Ablation, Sequence[Cell], bool], Sequence[str]] | None = None
    put_in: bool = False
    words: str = ""
    adaptive: bool = False
    open_ended: bool = False
    pictures: tuple[str, ...] = ("forest", "repeats")
