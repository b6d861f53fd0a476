"""What a worker is given once: the user's objective and what goes with it."""

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import isclass, isroutine
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What an objective may ask for in one trial.

    ``params`` are its arguments by name. ``seed`` is for all that is random in the trial, and differs from trial to
    trial; ``split`` is for the division of the data, and is the same for all trials that are to be compared. Both are
    whole numbers from 0 to 2**32 - 1, derived from the study's seed.
    """

    params: Mapping[str, Any]
    data: Any = None
    model: Any = None
    seed: int = 0
    split: int = 0


class Variants(Protocol):
    """What the places of trials mean for the objective, as in an ablation, where they say what is left out.

    ``params`` are arguments of the objective that all configs share.
    """

    @property
    def params(self) -> Mapping[str, Any]: ...

    def inputs(self, place: Mapping[str, Any], whole: Inputs) -> Inputs:
        """What the objective gets at ``place``; ``whole`` is what it would get if places had no meaning."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """The objective, the metric that a bare number stands for, and what the objective may ask for by name.

    ``checkpoints`` is a folder that all workers reach, for what paused trials save; None where nothing is saved.
    ``study`` is the name of the study that it runs in, and ``seed`` that study's seed.
    """

    objective: Callable[..., Any]
    metric: str
    data: Any = None
    model: Any = None
    variants: Variants | None = None
    checkpoints: str | None = None
    study: str = ""
    seed: int = 0

    def fresh(self) -> "Program":
        """The program for one trial, which may do what it likes with what it is given.

        A model that was given as an object is copied, for trials train it; what makes models (a function, a class, a
        `functools.partial`) isn't, nor is one of Spark's, which lives in its session. Of ``data`` small dicts and lists
        and the frames of pandas are copied, but not the values in them: a trial may add and take out columns.
        """
        if self.data is None and self.model is None:
            return self
        return replace(self, data=_shallow(self.data), model=_own(self.model))

    def inputs(self, trial: int, config: Mapping[str, Any], place: Mapping[str, Any]) -> Inputs:
        """What the objective may ask for in a trial."""
        whole = Inputs(
            params=config,
            data=self.data,
            model=self.model,
            seed=derived(self.seed, "trial", trial),
            split=derived(self.seed, "split"),
        )
        return whole if self.variants is None else self.variants.inputs(place, whole)


_FEW = 100


def _own(model: Any) -> Any:
    if model is None or isroutine(model) or isclass(model) or isinstance(model, partial) or "pyspark" in _homes(model):
        return model
    return copy.deepcopy(model)


def _shallow(data: Any) -> Any:
    if type(data) in (dict, list, tuple) and len(data) > _FEW:
        return data
    if type(data) is dict:
        return {key: _shallow(value) for key, value in data.items()}
    if type(data) in (list, tuple):
        return type(data)(map(_shallow, data))
    if type(data).__name__ == "DataFrame" and _homes(data) & {"pandas", "geopandas"}:
        return data.copy(deep=False)
    return data


def _homes(value: Any) -> set[str]:
    """The packages that a value's classes are from."""
    return {kind.__module__.partition(".")[0] for kind in type(value).__mro__}


def derived(*parts: object) -> int:
    """A whole number from 0 to 2**32 - 1 that depends on all of ``parts``, and looks random."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
