"""Plans of analysis: how effects are estimated from the arms of a design, and how they are shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trimma.ablation.question import Ablation
from trimma.effects import Analysis, Cell
from trimma.errors import UsageError

PICTURES = ("forest", "repeats", "interactions", "path", "shapley")

Estimate = Callable[[Ablation, Sequence[Cell], bool], Analysis]
"""Estimates effects from the question, the cells (ordered by repeat and arm), and whether the metric is maximized."""

Values = Mapping[frozenset[str], float]
"""The results of one repeat: for each arm the mean of its values."""


def less(values: Values, arm: frozenset[str], other: frozenset[str]) -> float | None:
    """The value of ``arm`` minus the value of ``other``; None if one of them has no value."""
    return values[arm] - values[other] if arm in values and other in values else None


def without_one(asked: Ablation, values: Values, names: Sequence[str], place: int) -> float | None:
    """What leaving out the component ``names[place]`` alone changed in one repeat."""
    return less(values, frozenset({names[place]}), frozenset(asked.reference))


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisPlan:
    """One way to estimate effects from the arms of a design, and what must be known to show them.

    - ``name``: kept with the study, so that the plan is found again when the study is shown. A plug-in's plan has the
      name of its entry point, or "package.module:NAME", where NAME is the variable of the module that holds it.
    - ``estimate``: estimates the effects. Each effect has the name of a component, and is the change when that
      component is left out, or, with ``put_in``, when it is put in.
    - ``within``: a component's effect in one repeat, for pictures. It gets the values of that repeat, the names of the
      components (in the order that ``order`` gives), and the component's index among the names.
    - ``pairs``: estimates the interactions of all pairs, in the order of the components. None (default) if the design
      doesn't tell them.
    - ``order``: gives the names in the order in which they are shown, for a design that goes step by step. Without it
      (default) the components of the greatest worth come first.
    - ``words``: follow the name of a difference where it is shown, as in ", on average over all orders".
    - ``adaptive``: whether the arms may be raced, so that components drop out when they are settled (default False).
    - ``open_ended``: whether there may be fewer trainings than the design's greatest number (default False).
    - ``pictures``: which of ``PICTURES`` can be made, the most telling one first.

    Raises `UsageError` for another picture, and for a name in ``__main__``.
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

    def __post_init__(self) -> None:
        if self.name.startswith("__main__:"):
            raise UsageError(
                f"the plan {self.name!r} must stand in a module of its own: __main__ is another script or notebook "
                "when the study is shown again"
            )
        if unknown := [name for name in self.pictures if name not in PICTURES]:
            raise UsageError(f"the plan {self.name!r} has no pictures {unknown}; there are {', '.join(PICTURES)}")
