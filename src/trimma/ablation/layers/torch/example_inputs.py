"""Inputs on which a PyTorch model can be run to see its shapes: the user's example, or likely ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from trimma.errors import UsageError

SIZES = (28, 32, 64, 96, 128, 160, 192, 224, 256, 299, *range(4, 64))
"""Sizes of images (in pixels) and lengths of sequences to try, the usual ones first."""

_AXES = {nn.Conv1d: 1, nn.Conv2d: 2, nn.Conv3d: 3, nn.ConvTranspose1d: 1, nn.ConvTranspose2d: 2, nn.ConvTranspose3d: 3}


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a call of a model."""

    inputs: tuple[Any, ...] = ()
    named: dict[str, Any] | None = None

    def on(self, device: str) -> "Call":
        return Call(
            tuple(_moved(value, device) for value in self.inputs),
            {name: _moved(value, device) for name, value in (self.named or {}).items()},
        )


def call_of(example: Any, first: nn.Module | None) -> Call:
    """The call that a user's ``example`` stands for. ``first`` is the model's first layer that has weights.

    A shape means zeros of that shape: whole numbers for an embedding, otherwise floats.
    """
    if callable(example) and not isinstance(example, torch.Tensor):
        example = example()
    if isinstance(example, dict):
        return Call((), example)
    if isinstance(example, list | tuple):
        if not all(isinstance(size, int) for size in example):
            return Call(tuple(_tensor(value) for value in example))
        if not example or any(size < 1 for size in example):
            raise UsageError(f"Layers(example={example!r}): a shape is of positive sizes, the batch first")
        return Call((torch.zeros(tuple(example), dtype=_dtype(first)),))
    return Call((_tensor(example),))


def _tensor(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"Layers(example=...): {type(value).__name__} is no input: give a tensor, several in a tuple or by name "
            "in a dict, the shape of one (with the batch first), or a function that makes one of these"
        ) from error


def likely_calls(first: nn.Module | None) -> Iterator[Call]:
    """Calls that may suit a model whose first layer with weights is ``first``. They take no memory (device "meta").

    The first call on which the model runs is good enough, because image size hardly matters to which layers connect.
    """
    if first is not None:
        for shape in _likely_shapes(first):
            yield Call((torch.zeros(shape, dtype=_dtype(first), device="meta"),))


def _likely_shapes(first: nn.Module) -> Iterator[tuple[int, ...]]:
    match first:
        case nn.Linear():
            yield (2, first.in_features)
            yield (2, 8, first.in_features)
        case nn.RNNBase():
            yield (2, 8, first.input_size)
        case nn.Embedding():
            yield from ((2, size) for size in SIZES)
    for kind, axes in _AXES.items():
        if isinstance(first, kind) and not isinstance(first, LazyModuleMixin):
            yield from ((2, first.in_channels, *[size] * axes) for size in SIZES)


def _dtype(first: nn.Module | None) -> torch.dtype | None:
    if isinstance(first, nn.Embedding | nn.EmbeddingBag):
        return torch.long
    weights = () if first is None else first.parameters()
    return next((weight.dtype for weight in weights if weight.dtype.is_floating_point), None)


def _moved(value: Any, device: str) -> Any:
    return value.detach().to(device) if isinstance(value, torch.Tensor) else value
