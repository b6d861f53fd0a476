"""The program, which each worker is given once: the user's objective and what belongs to it."""

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import isclass, isroutine
from typing import Any, Protocol

from trimma.checkpoint import CheckpointPlace
from trimma.trial_folders import TrialFolders


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What an objective may ask for in one trial.

    ``params`` are its arguments by name. ``seed`` is for all that is random in the trial, and differs from trial to
    trial. ``split`` is for the division of the data, and is the same for all trials that are to be compared. Both are
    whole numbers from 0 to 2**32 - 1 that derive from the study's seed.
    """

    params: Mapping[str, Any]
    data: Any = None
    model: Any = None
    seed: int = 0
    split: int = 0


class Variants(Protocol):
    """Says what the places of trials mean for the objective. In an ablation they say what is left out.

    ``params`` are arguments of the objective that all configs share.
    """

    @property
    def params(self) -> Mapping[str, Any]: ...

    def inputs(self, place: Mapping[str, Any], whole: Inputs) -> Inputs:
        """The inputs of a trial at ``place``. ``whole`` holds its inputs without regard to the place."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """The objective, the study's metric, and what the objective may ask for by name.

    A plain number that the objective returns is a value of ``metric``. ``checkpoints`` is a place that all workers can
    reach, where trials save their state, or None when nothing is saved. ``folders`` says where trials keep
    what they save, and is None when there is no place for it. ``study`` is the name of the study, and ``seed`` is its
    seed. ``retry_on`` are the types of exceptions after which a trial is tried again.
    """

    objective: Callable[..., Any]
    metric: str
    data: Any = None
    model: Any = None
    variants: Variants | None = None
    checkpoints: CheckpointPlace | None = None
    folders: TrialFolders | None = None
    study: str = ""
    seed: int = 0
    retry_on: tuple[type[Exception], ...] = ()

    def fresh(self) -> "Program":
        """The program for one trial, with copies of what the trial may change.

        A model that is an object is copied, because trials train it. What makes models isn't copied (a function, a
        class, a `functools.partial`), nor is a model of Spark's, which lives in its session. In ``data``, small dicts
        and lists and pandas data frames are copied, but not the values in them: so a trial may add and remove columns.
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
    """A whole number from 0 to 2**32 - 1 that looks random and depends on all of ``parts``."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
