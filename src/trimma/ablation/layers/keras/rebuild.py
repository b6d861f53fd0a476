"""Builds a Keras model again from the configuration of its layers, without some of them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from trimma.ablation.layers.layer_remover import Clash, shape_text
from trimma.errors import UsageError
from trimma.objective import describe

_POOLS = {1: keras.layers.AveragePooling1D, 2: keras.layers.AveragePooling2D, 3: keras.layers.AveragePooling3D}

_MERGES = frozenset({"Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply"})
"""Layers and operations that join branches, each of which may be missing."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Builds models without the layers named in ``gone``. What such a layer was given is passed on unchanged.

    ``shape`` is the input's shape for a Sequential model that doesn't know it. With ``adapt``, a layer that changed
    sizes is replaced by a projection of the last axis and an average over the other axes.
    """

    gone: frozenset[str]
    shape: tuple[int | None, ...] | None = None
    adapt: bool = False

    def adapting(self) -> "Rebuild":
        return replace(self, adapt=True)

    def model(self, model: Any) -> Any:
        """Raises `Clash` where what is left doesn't connect."""
        if isinstance(model, keras.Sequential):
            return self._sequential(model)
        built = keras.models.clone_model(
            model, clone_function=self._clone, call_function=lambda *args, **named: self._call(model, *args, **named)
        )
        if type(built) is not type(model):
            raise UsageError(
                f"model=: {type(model).__name__} can't be built again from inputs and outputs alone: give a function "
                "that makes it, of which layers are arguments, and use tm.Setting"
            )
        return built

    def _sequential(self, model: Any) -> Any:
        built = keras.Sequential(name=model.name, trainable=model.trainable)
        start: list[Any] = []
        if model.built:
            given = model.inputs[0]
            start.append(keras.Input(batch_shape=given.shape, dtype=given.dtype, name=given.name))
        elif self.shape is not None:
            start.append(keras.Input(batch_shape=self.shape))
        for tensor in start:
            built.add(tensor)
        for layer in model.layers:
            reached = built.outputs if built.built else start
            if layer.name not in self.gone:
                self._reached(layer, reached, built.add, self._clone(layer))
            elif self.adapt and reached:
                for adapter in _adapters(layer, reached[0]):
                    built.add(adapter)
        return built

    def _clone(self, layer: Any) -> Any:
        if isinstance(layer, keras.Sequential | keras.Function) and isinstance(layer, keras.Model):
            within = {name.removeprefix(f"{layer.name}/") for name in self.gone if name.startswith(f"{layer.name}/")}
            return replace(self, gone=frozenset(within), shape=None).model(layer)
        if isinstance(layer, keras.layers.Lambda):
            # Keras refuses to read a lambda from a configuration, unless unsafe code is allowed everywhere
            config = {key: value for key, value in layer.get_config().items() if key in ("name", "trainable", "dtype")}
            return keras.layers.Lambda(layer.function, mask=layer.mask, arguments=layer.arguments, **config)
        try:
            return type(layer).from_config(layer.get_config())
        except Exception as error:
            raise UsageError(
                f"model=: the layer {layer.name!r} can't be made again from its configuration "
                f"({type(error).__name__}: {_plain(error)}): {type(layer).__name__} needs get_config and from_config"
            ) from error

    def _call(self, whole: Any, layer: Any, *args: Any, **named: Any) -> Any:
        """The result of calling ``layer`` in the new model, or of what takes its place.

        ``whole`` is the original model, which has a layer of the same name.
        """
        if layer.name in self.gone:
            given = args[0] if args else next(iter(named.values()))
            for adapter in _adapters(_named(whole, layer.name), given) if self.adapt else ():
                given = adapter(given)
            return given
        listed = bool(args) and isinstance(args[0], list | tuple)
        tensors = list(args[0]) if listed else [value for value in args if isinstance(value, keras.KerasTensor)]
        left = _distinct(tensors)
        if type(layer).__name__ in _MERGES and len(left) < len(_distinct(called_with(_named(whole, layer.name))[0])):
            # a branch that is gone entirely brings a tensor that another branch brings too, which is merged once
            if len(left) == 1:
                return left[0]
            tensors, args = left, (left, *args[1:]) if listed else tuple(left)
        return self._reached(_named(whole, layer.name), tensors, layer, *args, **named)

    def _reached(self, layer: Any, tensors: Sequence[Any], call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        try:
            return call(*args, **named)
        except Exception as error:
            shapes = [tuple(tensor.shape) for tensor in tensors]
            before = [tuple(tensor.shape) for tensor in called_with(layer)[0]]
            if shapes and before and shapes != before:
                given, wanted = (" and ".join(map(shape_text, each)) for each in (shapes, before))
                raise Clash(f"{layer.name!r} gets shape {given} where it takes {wanted}") from error
            raise Clash(f"{layer.name!r} fails ({type(error).__name__}: {_plain(error)})") from error


def called_with(layer: Any) -> tuple[list[Any], list[Any]]:
    """The inputs of a layer's first call, each once, and its outputs. Both are empty where they aren't known."""
    try:
        given, made = layer.input, layer.output
    except (AttributeError, ValueError):
        return [], []
    return _distinct(keras.tree.flatten(given)), keras.tree.flatten(made)


def compiled_like(whole: Any, model: Any) -> None:
    """Compile ``model`` as ``whole`` was compiled, with an optimizer of its own. Does nothing where it wasn't."""
    if not whole.compiled:
        return
    losses = keras.tree.flatten(getattr(whole, "loss", None))
    known = {describe(loss): loss for loss in losses if callable(loss)}
    try:
        with keras.saving.custom_object_scope(known):
            model.compile_from_config(whole.get_compile_config())
    except Exception as error:
        raise UsageError(
            f"model=: {whole.name!r} can't be compiled again from its configuration ({type(error).__name__}: "
            f"{_plain(error)}): compile it in the objective"
        ) from error


def _adapters(layer: Any, given: Any) -> list[Any]:
    """Layers that turn the tensor ``given`` into the shape of ``layer``'s output; empty if none can, or need to."""
    made = called_with(layer)[1]
    if len(made) != 1:
        return []
    before, after = tuple(given.shape), tuple(made[0].shape)
    if len(before) != len(after) or None in (*before[1:], *after[1:]):
        return []
    parts = []
    if before[1:-1] != after[1:-1]:
        strides = tuple(-(-old // new) for old, new in zip(before[1:-1], after[1:-1], strict=True))
        if len(strides) not in _POOLS or after[1:-1] != tuple(
            -(-old // stride) for old, stride in zip(before[1:-1], strides, strict=True)
        ):
            return []
        parts.append(_POOLS[len(strides)](strides, padding="same", name=f"{layer.name}_adapter_size"))
    if before[-1] != after[-1]:
        start = keras.initializers.Identity()
        name = f"{layer.name}_adapter"
        parts.append(keras.layers.Dense(after[-1], use_bias=False, kernel_initializer=start, name=name))
    return parts


def _named(model: Any, name: str) -> Any:
    return next((operation for operation in model.operations if operation.name == name), None)


def _plain(error: Exception) -> str:
    """The message without colours, and without a list of arguments."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).partition("Arguments received by")[0]
    return " ".join(text.split()).rstrip(".")


def _distinct(tensors: Sequence[Any]) -> list[Any]:
    return list({id(tensor): tensor for tensor in tensors}.values())
