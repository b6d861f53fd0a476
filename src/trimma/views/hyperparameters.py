"""What varies from trial to trial: the dimensions of hyperparameters, and their values."""

from typing import Any

from trimma.ports import History
from trimma.space import Dimension
from trimma.space.parts import dimension_of_values, dimensions_over
from trimma.trial import Trial
from trimma.views.flatten import flat_config


def hyperparameters(history: History) -> list[Dimension]:
    """The study's hyperparameters in the order of the space, without what is constant, linked or derived.

    A constant that differs between the parts of a union is a hyperparameter, too. Without a description of the space,
    all places of the configs that have more than one value are hyperparameters.
    """
    if history.spec.space:
        return dimensions_over(history.spec.space)
    seen: dict[str, list[Any]] = {}
    for trial in history.trials:
        for name, value in settings(history, trial).items():
            seen.setdefault(name, []).append(value)
    return [found for name, values in seen.items() if (found := dimension_of_values(name, values))]


def settings(history: History, trial: Trial) -> dict[str, Any]:
    """All the trial's values by dotted name, also hidden ones, which only a Derived uses."""
    return {**flat_config(history, trial), **trial.hidden}
