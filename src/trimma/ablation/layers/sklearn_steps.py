"""Takes steps out of scikit-learn's pipelines, unions and column transformers.

Steps are named as in ``set_params``: ``scale``, or ``features__pca`` for a step within the step ``features``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from trimma.ablation.layers.layer_remover import Clash, Layer
from trimma.errors import UsageError

PASS, DROP = "passthrough", "drop"


@dataclass(frozen=True, slots=True)
class _RemovableStep:
    layer: Layer
    instead: str


class SklearnStepRemover:
    """Makes unfitted clones of an estimator, in which the steps are "passthrough", or "drop" within a union."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._steps = {step.layer.name: step for step in _steps(model, "", final=True)}
        if not self._steps:
            raise UsageError(
                f"model=: {type(model).__name__} has no steps that could be taken out: give a Pipeline, a "
                "FeatureUnion or a ColumnTransformer, or what holds one"
            )

    @property
    def layers(self) -> Sequence[Layer]:
        return [step.layer for step in self._steps.values()]

    def check(self, names: Sequence[str]) -> None:
        self.without(names)

    def check_whole(self) -> None:
        """A clone is made of the same parameters."""

    def without(self, names: Sequence[str]) -> Any:
        model = clone(self._model)
        # the inner steps of a step that is taken out are gone with it
        outermost = [name for name in names if not any(name.startswith(f"{other}__") for other in names)]
        model.set_params(**{name: self._steps[name].instead for name in outermost})
        for name, union in _unions(model, ""):
            if any(self._steps[gone].instead == DROP and gone.rpartition("__")[0] == name for gone in outermost):
                _refuse_empty(name, union)
        return model


def _steps(model: Any, path: str, *, final: bool) -> Iterator[_RemovableStep]:
    """The steps within ``model``. Their names begin with ``path``. ``final`` says that it makes the predictions."""
    if isinstance(model, Pipeline):
        for place, (name, step) in enumerate(model.steps):
            last = place == len(model.steps) - 1
            refused = "is the last step, which predicts" if final and last else ""
            yield from _step(path + name, step, PASS, refused, final=final and last)
    elif isinstance(model, FeatureUnion):
        for name, step in model.transformer_list:
            yield from _step(path + name, step, DROP, "", final=False)
    elif isinstance(model, ColumnTransformer):
        for name, step, _ in model.transformers:
            yield from _step(path + name, step, DROP, "", final=False)
    else:
        # the model may be a search, or another wrapper around a pipeline
        for name, value in model.get_params(deep=False).items():
            if isinstance(value, Pipeline | FeatureUnion | ColumnTransformer):
                yield from _steps(value, f"{path}{name}__", final=final)


def _step(name: str, step: Any, instead: str, refused: str, *, final: bool) -> Iterator[_RemovableStep]:
    if step is None or isinstance(step, str):
        return
    inner = list(_steps(step, f"{name}__", final=final)) if hasattr(step, "get_params") else []
    parts = tuple(part.layer.name for part in inner)
    yield _RemovableStep(Layer(name=name, kind=type(step).__name__, refused=refused, parts=parts), instead)
    yield from inner


def _unions(model: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The unions and column transformers in ``model``, by name."""
    if isinstance(model, FeatureUnion | ColumnTransformer):
        yield path.removesuffix("__"), model
    if hasattr(model, "get_params") and not isinstance(model, type):
        for name, value in model.get_params(deep=False).items():
            if name in ("steps", "transformer_list", "transformers"):
                for part in value:
                    yield from _unions(part[1], f"{path}{part[0]}__")
            elif isinstance(value, Pipeline | FeatureUnion | ColumnTransformer):
                yield from _unions(value, f"{path}{name}__")


def _refuse_empty(name: str, union: Any) -> None:
    parts = union.transformer_list if isinstance(union, FeatureUnion) else union.transformers
    rest = getattr(union, "remainder", DROP)
    if isinstance(rest, str) and rest == DROP and all(isinstance(part[1], str) and part[1] == DROP for part in parts):
        where = repr(name) if name else f"the {type(union).__name__}"
        raise Clash(f"nothing is left of {where}, and what follows gets no features")
