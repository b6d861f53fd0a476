"""The places and configs of trials, flat: each value has one dotted name."""

from collections.abc import Iterable
from typing import Any

from trimma.ports import History
from trimma.space.flatten import flatten, names_in
from trimma.trial import Trial


def flat_config(history: History, trial: Trial) -> dict[str, Any]:
    """The trial's place and its config by dotted name. The config is taken apart by the names of the study's space."""
    return {**flat_place(trial), **flatten(trial.config, names_of(history))}


def flat_place(trial: Trial) -> dict[str, Any]:
    """Which part of the study the trial belongs to, by dotted name.

    A list becomes one text: ``without: age + fare``.
    """
    named = {name: joined(part) if isinstance(part, list | tuple) else part for name, part in trial.place.items()}
    return flatten(named)


def joined(names: Iterable[Any]) -> str:
    """Several names as one text.

    >>> joined(["age", "fare"]), joined([])
    ('age + fare', 'nothing')
    """
    return " + ".join(map(str, names)) or "nothing"


def names_of(history: History) -> frozenset[str] | None:
    """The names of all places of the study's space, or None for a study without one."""
    space = history.spec.space
    return names_in(space) if space else None
