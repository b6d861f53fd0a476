"""Objectives that are objects: they train one step each time that they are asked, and can save and load themselves."""

from collections.abc import Iterator
from inspect import isclass
from typing import Any

from trimma.errors import ObjectiveError
from trimma.worker.reporter import TrialHandle


def is_step_by_step(objective: Any, given: Any) -> bool:
    """Whether ``given``, which ``objective`` has returned, is to be asked for one step after another.

    That is an object of a class with a method ``step`` if the objective is that class. What a function returns must
    also have the methods ``save`` and ``load``, since other objects have a ``step``, too, such as optimizers.
    """
    names = ["step"] if isclass(objective) else ["step", "save", "load"]
    return all(callable(getattr(given, name, None)) for name in names)


def steps_of(trainer: Any, trial: TrialHandle) -> Iterator[Any]:
    """What the steps of ``trainer`` return, each with its method ``save``, from the trial's checkpoint on.

    It ends after the trial's budget, or when ``step`` returns None. Its method ``close``, if there is one, is called at
    the end in any case.
    """
    save = getattr(trainer, "save", None)
    try:
        if (checkpoint := trial.checkpoint) is not None:
            load = getattr(trainer, "load", None)
            if load is None:
                raise ObjectiveError(
                    f"{type(trainer).__name__} has a method save, and needs a method load(folder), too"
                )
            load(checkpoint)
        while trial.budget is None or trial.step < trial.budget:
            metrics = trainer.step()
            if metrics is None:
                return
            yield metrics if save is None else (metrics, save)
    finally:
        if (close := getattr(trainer, "close", None)) is not None:
            close()
