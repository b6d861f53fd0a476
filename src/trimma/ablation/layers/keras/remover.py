"""Takes layers out of Keras 3 models, which are built again from the configuration of the other layers.

A layer within a model that is itself a layer is named as in ``encoder/conv2``.
"""

import random
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import keras

from trimma.ablation.layers.keras.kept_weights import keep_weights, refuse_misfits, refuse_other_outputs
from trimma.ablation.layers.keras.rebuild import Rebuild, called_with, compiled_like
from trimma.ablation.layers.layer_remover import Clash, Layer, Weights, shape_text
from trimma.errors import UsageError

_INSTEAD = "replace it with tm.Variant(model=...)"


class KerasLayerRemover:
    """Builds a Sequential or functional model again without some layers, and compiled as it was.

    With the ``weights`` "keep" it has the weights of the original, and what needs others is refused. With "fitting" it
    has those that fit, and other layers have new weights. With "new" all of its weights are new, and depend on the
    ``seed``. ``example`` is the shape of an input with the batch first, for a Sequential model that has not been built.
    """

    def __init__(
        self, model: Any, *, adapt: bool = False, example: Any = None, weights: Weights = "keep", seed: int = 0
    ) -> None:
        _refuse(model)
        self._model, self._adapt, self._weights, self._seed = model, adapt, weights, seed
        self._given = model
        if isinstance(model, keras.Sequential) and not model.built and example is not None:
            self._model = _with_shapes(model, example)
        self._layers = {layer.name: layer for layer in _layers(model, "", final=True)}

    @property
    def layers(self) -> Sequence[Layer]:
        return list(self._layers.values())

    def check(self, names: Sequence[str]) -> None:
        self._rebuilt(names)

    def check_whole(self) -> None:
        with self._own_chance():
            again = self._built(Rebuild(gone=frozenset()))
        if self._weights == "keep":
            keep_weights(self._given, again)
            refuse_other_outputs(self._given, again)

    def without(self, names: Sequence[str]) -> Any:
        model = self._rebuilt(names)
        if self._weights != "new":
            keep_weights(self._given, model)
        compiled_like(self._model, model)
        return model

    def _rebuilt(self, names: Collection[str]) -> Any:
        gone = {name for name in names if not any(name.startswith(f"{other}/") for other in names)}
        build = Rebuild(gone=frozenset(gone))
        with self._own_chance():
            try:
                return self._built(build)
            except Clash:
                if not self._adapt:
                    raise
            return self._built(build.adapting())

    def _built(self, build: Rebuild) -> Any:
        model = build.model(self._model)
        if (clash := _result_clash(self._model, model)) is not None:
            raise clash
        if self._weights == "keep":
            refuse_misfits(self._given, model)
        return model

    @contextmanager
    def _own_chance(self) -> Iterator[None]:
        """New weights depend on the seed, and what the objective draws doesn't depend on them.

        Keras takes the seeds of what is random in a model from Python's own generator.
        """
        before = random.getstate()
        random.seed(self._seed)
        try:
            yield
        finally:
            random.setstate(before)


def _refuse(model: Any) -> None:
    version = getattr(keras, "__version__", "0")
    if not isinstance(model, keras.Model) or int(version.partition(".")[0]) < 3:
        raise UsageError(f"model=: {type(model).__name__} is no model of Keras 3 (which here is {version})")
    if not isinstance(model, keras.Sequential | keras.Function):
        raise UsageError(
            f"model=: {type(model).__name__} is a subclassed Keras model, whose layers are joined by its own code: "
            "give a Sequential or functional model, or make the layers arguments of the class and use tm.Setting"
        )


def _with_shapes(model: Any, example: Any) -> Any:
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
