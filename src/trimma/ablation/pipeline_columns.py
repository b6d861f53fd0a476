"""Takes columns out of the pipelines that name them: those of scikit-learn and of ``pyspark.ml``, given as ``model=``.

A pipeline that lists a column by name fails on a table without it. So the column is taken out of both.
"""

import copy
import inspect
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from trimma.errors import UsageError

_LISTS = ("categorical_features", "cat_features", "monotonic_cst")
"""Parameters of estimators that may name columns, in a list, or as the keys of a dict."""


def without_named_columns(model: Any, members: Collection[str]) -> Any:
    """A copy of the pipeline that doesn't name these columns; for a function, one that makes such pipelines.

    What is neither is returned as it is. Raises `UsageError` for a pipeline that takes columns by their positions.
    """
    if not members or model is None:
        return model
    if inspect.isroutine(model) or isinstance(model, partial):
        return PipelineFactory(model, frozenset(members))
    if _is(model, "sklearn", "BaseEstimator"):
        return _sklearn(model, frozenset(members))
    if _is(model, "pyspark", "Pipeline"):
        return _spark(model, frozenset(members))
    return model


@dataclass(frozen=True, slots=True)
class PipelineFactory:
    """A function that passes its arguments on to ``make``, and takes columns out of the pipeline that it returns."""

    make: Callable[..., Any]
    members: frozenset[str]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = self.make(*args, **kwargs)
        return made if inspect.isroutine(made) else without_named_columns(made, self.members)


def _is(model: Any, package: str, name: str) -> bool:
    kinds = type(model).__mro__
    return any(kind.__module__.partition(".")[0] == package and kind.__name__ == name for kind in kinds)


def _sklearn(model: Any, members: frozenset[str]) -> Any:
    model = copy.deepcopy(model)
    for part in _estimators(model):
        if _is(part, "sklearn", "ColumnTransformer"):
            part.transformers = [_selecting(each, members) for each in part.transformers]
        for name in _LISTS:
            named = getattr(part, name, None)
            if isinstance(named, dict):
                setattr(part, name, {key: value for key, value in named.items() if key not in members})
            elif (names := _texts(named)) is not None:
                setattr(part, name, [each for each in names if each not in members] or None)
    return model


def _estimators(model: Any) -> Iterator[Any]:
    yield model
    for value in model.get_params(deep=False).values():
        for part in value if isinstance(value, list | tuple) else [value]:
            # the steps of a pipeline are pairs, the transformers of a column transformer are triples
            each = part[1] if isinstance(part, tuple) and len(part) > 1 else part
            if hasattr(each, "get_params") and not inspect.isclass(each):
                yield from _estimators(each)


def _selecting(transformer: tuple[str, Any, Any], members: frozenset[str]) -> tuple[str, Any, Any]:
    name, step, columns = transformer
    if isinstance(columns, str):
        return (name, "drop", []) if columns in members else (name, step, columns)
    names = _texts(columns)
    if names is None:
        if callable(columns) or (isinstance(columns, slice) and isinstance(columns.start or columns.stop, str)):
            return name, step, columns
        raise UsageError(
            f"model=: the step {name!r} of a ColumnTransformer takes columns by their positions ({columns!r}), which "
            "change when a column is taken out: name the columns, or take them out with how='mean' or how='permute'"
        )
    left = [each for each in names if each not in members]
    return (name, step, left) if left else (name, "drop", [])


def _texts(value: Any) -> list[str] | None:
    """The texts in a list or an array; None for anything else."""
    if isinstance(value, str | bytes | dict | slice) or callable(value) or not hasattr(value, "__iter__"):
        return None
    found = list(value)
    return found if all(isinstance(each, str) for each in found) else None


def _spark(model: Any, members: frozenset[str]) -> Any:
    """The pipeline without these columns, and without those that its stages would have made of them alone."""
    model, gone, stages = model.copy(), set(members), []
    for stage in model.getStages():
        given, made = _columns(stage, "input"), _columns(stage, "output")
        left = [name for name in given if name not in gone]
        if given and not left:
            gone.update(made)
            continue
        if len(left) < len(given):
            stage.set(stage.getParam("inputCols"), left)
            if stage.hasParam("outputCols") and stage.isSet("outputCols"):
                stage.set(
                    stage.getParam("outputCols"), [new for old, new in zip(given, made, strict=True) if old in left]
                )
                gone.update(new for old, new in zip(given, made, strict=True) if old not in left)
        stages.append(stage)
    return model.setStages(stages)


def _columns(stage: Any, which: str) -> list[str]:
    """The names of the columns that a stage takes ("input") or makes ("output")."""
    for param in (f"{which}Cols", f"{which}Col"):
        if stage.hasParam(param) and stage.isSet(param):
            value = stage.getOrDefault(param)
            return [value] if isinstance(value, str) else list(value)
    return []
