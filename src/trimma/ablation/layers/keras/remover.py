"""Takes layers out of Keras 3 models, which are built again from the configuration of the other layers.

A layer within a model that is itself a layer is named as in ``encoder/conv2``.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any

import keras

from trimma.ablation.layers.keras.rebuild import Rebuild, called_with, compiled_like
from trimma.ablation.layers.layer_remover import Clash, Layer, shape_text
from trimma.errors import UsageError

_INSTEAD = "replace it with tm.Variant(model=...)"


class KerasLayerRemover:
    """Builds a Sequential or functional model again without some layers, with new weights, and compiled as it was.

    ``example`` is the shape of an input with the batch first, for a Sequential model that has not been built.
    """

    def __init__(self, model: Any, *, adapt: bool = False, example: Any = None) -> None:
        _refuse(model)
        self._model, self._adapt = model, adapt
        if isinstance(model, keras.Sequential) and not model.built and example is not None:
            self._model = _built(model, example)
        self._layers = {layer.name: layer for layer in _layers(model, "", final=True)}

    @property
    def layers(self) -> Sequence[Layer]:
        return list(self._layers.values())

    def check(self, names: Sequence[str]) -> None:
        self._rebuilt(names)

    def without(self, names: Sequence[str]) -> Any:
        model = self._rebuilt(names)
        compiled_like(self._model, model)
        return model

    def _rebuilt(self, names: Collection[str]) -> Any:
        gone = {name for name in names if not any(name.startswith(f"{other}/") for other in names)}
        build = Rebuild(gone=frozenset(gone))
        try:
            model = build.model(self._model)
        except Clash:
            if not self._adapt:
                raise
            model = build.adapting().model(self._model)
        clash = _result_clash(self._model, model)
        if clash is not None and self._adapt:
            model = build.adapting().model(self._model)
            clash = _result_clash(self._model, model)
        if clash is not None:
            raise clash
        return model


def _refuse(model: Any) -> None:
    version = getattr(keras, "__version__", "0")
    if not isinstance(model, keras.Model) or int(version.partition(".")[0]) < 3:
        raise UsageError(f"model=: {type(model).__name__} is no model of Keras 3 (which here is {version})")
    if not isinstance(model, keras.Sequential | keras.Function):
        raise UsageError(
            f"model=: {type(model).__name__} is a subclassed Keras model, whose layers are joined by its own code: "
            "give a Sequential or functional model, or make the layers arguments of the class and use tm.Setting"
        )


def _built(model: Any, example: Any) -> Any:
    """A copy of a Sequential model that knows its shapes."""
    given = example() if callable(example) else example
    shape = getattr(given, "shape", given)
    if not isinstance(shape, list | tuple) or not all(size is None or isinstance(size, int) for size in shape):
        raise UsageError(f"Layers(example={example!r}): of a Keras model it is the shape of its input, the batch first")
    try:
        return Rebuild(gone=frozenset(), shape=(None, *shape[1:])).model(model)
    except Clash as clash:
        raise UsageError(f"Layers(example={example!r}): the model itself can't be built on it: {clash}") from clash


def _layers(model: Any, path: str, *, final: bool) -> Iterator[Layer]:
    """The layers within ``model``. Their names begin with ``path``. ``final`` says that it makes the predictions."""
    last = {model.layers[-1].name} if isinstance(model, keras.Sequential) and model.layers else set()
    ends = last or set(getattr(model, "output_names", ()))
    for layer in model.layers:
        is_end = final and layer.name in ends
        inner: list[Layer] = []
        if isinstance(layer, keras.Sequential | keras.Function):
            inner = list(_layers(layer, f"{path}{layer.name}/", final=is_end))
        yield Layer(
            name=path + layer.name,
            kind=type(layer).__name__,
            refused="is an output layer" if is_end else _refused(layer),
            parts=tuple(part.name for part in inner),
        )
        yield from inner


def _refused(layer: Any) -> str:
    if isinstance(layer, keras.layers.InputLayer):
        return "is an input layer"
    given, made = called_with(layer)
    if len(given) > 1:
        return f"joins {len(given)} tensors: take out the layers of a branch, or {_INSTEAD}"
    if len(made) > 1:
        return f"gives {len(made)} tensors, for which what it is given can't stand: {_INSTEAD}"
    return ""


def _result_clash(whole: Any, model: Any) -> Clash | None:
    # a Sequential model that hasn't been built has no shapes yet
    with suppress(AttributeError, ValueError):
        before = [tuple(tensor.shape) for tensor in whole.outputs]
        after = [tuple(tensor.shape) for tensor in model.outputs]
        if before != after:
            words = [", ".join(map(shape_text, shapes)) for shapes in (after, before)]
            return Clash(f"the model gives shape {words[0]} instead of {words[1]}")
    return None
