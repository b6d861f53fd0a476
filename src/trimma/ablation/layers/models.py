"""What ``model=`` is: a model of some framework, or a function that makes one."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trimma.ablation.layers.ports import Clash, Surgeon
from trimma.errors import UsageError
from trimma.objective import describe

_BASES = {
    # Keras before PyTorch: on the backend of that name its layers are modules, too
    ("keras", "Operation"): "keras",
    ("keras", "Layer"): "keras",
    ("torch", "Module"): "torch",
    ("sklearn", "BaseEstimator"): "sklearn",
}
_OURS = "a PyTorch module, a Keras 3 model or a scikit-learn pipeline"


@dataclass(frozen=True, kw_only=True, slots=True)
class How:
    """How layers are taken out: with adapters where shapes differ, if at all, and an input to see that with."""

    adapt: bool = False
    example: Any = field(default=None, compare=False, repr=False)

    def surgeon(self, model: Any) -> Surgeon:
        """The adapter for the framework of ``model``; no framework is imported but the model's own.

        Raises `UsageError` for a model of no known framework.
        """
        match framework(model):
            case "keras":
                from trimma.ablation.layers.of_keras import KerasSurgeon

                return KerasSurgeon(model, adapt=self.adapt, example=self.example)
            case "torch":
                from trimma.ablation.layers.of_torch import TorchSurgeon

                return TorchSurgeon(model, adapt=self.adapt, example=self.example)
            case "sklearn":
                from trimma.ablation.layers.of_sklearn import SklearnSurgeon

                return SklearnSurgeon(model)
        raise UsageError(f"model=: layers can be taken out of {_OURS}, or of what a function makes, not of {model!r}")

    def without(self, model: Any, names: Sequence[str]) -> Any:
        """``model`` without these layers: a copy, or, of a function, one that makes models without them.

        Raises `UsageError` where what is left of a model doesn't fit together.
        """
        if isinstance(model, Without) and names:
            # all at once: together they may connect
            return replace(model, names=(*model.names, *names))
        if is_factory(model):
            return Without(model, tuple(names), self) if names else model
        surgeon = self.surgeon(model)
        there = {layer.name for layer in surgeon.layers}
        if lost := [name for name in names if name not in there]:
            raise UsageError(f"Layers: this {type(model).__name__} has no layer {lost[0]!r}")
        try:
            return surgeon.without(names)
        except Clash as clash:
            raise UsageError(f"Layers: without {' + '.join(map(repr, names))}, {clash}") from clash


@dataclass(frozen=True, slots=True)
class Without:
    """A function that makes what ``make`` makes of the same arguments, without some layers."""

    make: Callable[..., Any]
    names: tuple[str, ...]
    how: How

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.how.without(self.make(*args, **kwargs), self.names)


def framework(model: Any) -> str | None:
    """Which framework a model is of, without importing any; None for what is no model."""
    for base in type(model).__mro__:
        if found := _BASES.get((base.__module__.partition(".")[0], base.__name__)):
            return found
    return None


def is_factory(model: Any) -> bool:
    """Whether it is called to make a model. Models are callable themselves, some of them."""
    return callable(model) and framework(model) is None


def made(model: Any, params: Mapping[str, Any]) -> Any:
    """The model itself, or what the function makes: called without arguments, else with those of ``params``.

    Raises `UsageError` where there is no model, or the function can't be called so.
    """
    if model is None:
        raise UsageError(
            "Layers: there is no model to take layers out of: pass model= a model, or a function that makes one, and "
            "let the objective take it from its argument 'model'"
        )
    if not is_factory(model):
        return model
    arguments = _arguments(model, params)
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
            f"{' and '.join(map(repr, lacking))}: give the argument a default, or a value in params="
        )
    return {part.name: params[part.name] for part in named if part.name in params and part.name not in byposition}
