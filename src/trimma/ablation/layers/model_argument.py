"""The argument ``model=``: a model of PyTorch, Keras or scikit-learn, or a function that makes one."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trimma.ablation.layers.layer_remover import Clash, LayerRemover, Weights
from trimma.errors import UsageError
from trimma.objective import describe
from trimma.program import Inputs

_BASES = {
    # Keras comes before PyTorch, because with the backend "torch" Keras layers are PyTorch modules too
    ("keras", "Operation"): "keras",
    ("keras", "Layer"): "keras",
    ("torch", "Module"): "torch",
    ("sklearn", "BaseEstimator"): "sklearn",
}
_OURS = "a PyTorch module, a Keras 3 model or a scikit-learn pipeline"


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovalOptions:
    """How layers are taken out.

    With ``adapt`` an adapter is put where shapes clash. ``example`` is an input on which the model can be run.
    ``weights`` says with which weights the models begin.
    """

    adapt: bool = False
    example: Any = field(default=None, compare=False, repr=False)
    weights: Weights = "keep"

    def remover(self, model: Any, seed: int = 0) -> LayerRemover:
        """The `LayerRemover` for the framework of ``model``. New weights depend on ``seed``.

        No other framework is imported.

        Raises `UsageError` for a model of another framework.
        """
        match framework(model):
            case "keras":
                from trimma.ablation.layers.keras.remover import KerasLayerRemover

                return KerasLayerRemover(model, **self._settings, seed=seed)
            case "torch":
                from trimma.ablation.layers.torch.remover import TorchLayerRemover

                return TorchLayerRemover(model, **self._settings, seed=seed)
            case "sklearn":
                from trimma.ablation.layers.sklearn_steps import SklearnStepRemover

                return SklearnStepRemover(model)
        raise UsageError(f"model=: layers can be taken out of {_OURS}, or of what a function makes, not of {model!r}")

    def without(self, model: Any, names: Sequence[str], seed: int = 0) -> Any:
        """A copy of ``model`` without these layers; for a function, one that makes models without them.

        New weights depend on ``seed``.

        Raises `UsageError` where the rest of the model doesn't fit together.
        """
        if isinstance(model, FactoryWithoutLayers) and names:
            # all in one step, because the rest may connect only when all of them are gone
            return replace(model, names=(*model.names, *names))
        if is_model_factory(model):
            return FactoryWithoutLayers(model, tuple(names), self) if names else model
        remover = self.remover(model, seed)
        there = {layer.name for layer in remover.layers}
        if lost := [name for name in names if name not in there]:
            raise UsageError(f"Layers: this {type(model).__name__} has no layer {lost[0]!r}")
        try:
            return remover.without(names)
        except Clash as clash:
            raise UsageError(f"Layers: without {' + '.join(map(repr, names))}, {clash}") from clash

    def of_factory(self) -> "RemovalOptions":
        """How layers are taken out of what a function makes. Where weights don't fit, new ones are as good as any."""
        return replace(self, weights="fitting")

    @property
    def _settings(self) -> dict[str, Any]:
        return {"adapt": self.adapt, "example": self.example, "weights": self.weights}


@dataclass(frozen=True, slots=True)
class FactoryWithoutLayers:
    """A function that passes its arguments on to ``make``, and takes layers out of the model that ``make`` returns."""

    make: Callable[..., Any]
    names: tuple[str, ...]
    options: RemovalOptions

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.options.of_factory().without(self.make(*args, **kwargs), self.names)


def framework(model: Any) -> str | None:
    """The name of the model's framework; None where it isn't a model. No framework is imported to find out."""
    for base in type(model).__mro__:
        if found := _BASES.get((base.__module__.partition(".")[0], base.__name__)):
            return found
    return None


def is_model_factory(model: Any) -> bool:
    """Whether ``model`` is a function that makes a model. Some models are callable too, and are no factories."""
    return callable(model) and framework(model) is None


def get_model(inputs: Inputs) -> Any:
    """The model itself, or the model that the function makes. Arguments that it needs are taken from the inputs.

    Those are the arguments of the objective, and a ``seed`` and a ``split``.

    Raises `UsageError` if there is no model, and if the function can't be called in this way.
    """
    model = inputs.model
    if model is None:
        raise UsageError(
            "Layers: there is no model to take layers out of: pass model= a model, or a function that makes one, and "
            "let the objective take it from its argument 'model'"
        )
    if not is_model_factory(model):
        return model
    arguments = _arguments(model, {"seed": inputs.seed, "split": inputs.split, **inputs.params})
    try:
        return model(**arguments)
    except Exception as error:
        called = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise UsageError(
            f"model=: {describe(model)}({called}), called to see which layers there are, raised "
            f"{type(error).__name__}: {error}"
        ) from error


def _arguments(make: Callable[..., Any], params: Mapping[str, Any]) -> dict[str, Any]:
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):
        return {}
    named = [part for part in parameters if part.kind not in (part.VAR_POSITIONAL, part.VAR_KEYWORD)]
    required = [part.name for part in named if part.default is part.empty]
    if not required:
        return {}
    byposition = [part.name for part in named if part.kind is part.POSITIONAL_ONLY]
    if lacking := [name for name in required if name not in params or name in byposition]:
        raise UsageError(
            f"model=: {describe(make)} is called once to see which layers there are, and needs "
            f"{' and '.join(map(repr, lacking))}: give the argument a default, or a value in config=, as one of the "
            "objective's"
        )
    return {part.name: params[part.name] for part in named if part.name in params and part.name not in byposition}
