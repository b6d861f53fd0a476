"""Replaces modules of a PyTorch model, and tells which of them keep shapes."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from trimma.errors import UsageError

Plan = dict[str, Callable[[], nn.Module]]
"""By the name of the module that is replaced, a function that makes the module that takes its place."""


def copied(model: nn.Module) -> nn.Module:
    """A deep copy. Raises `UsageError` for a model that can't be copied."""
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise UsageError(
            f"model=: the {type(model).__name__} can't be copied ({error}): give a function that makes one"
        ) from error


def put(model: nn.Module, name: str, module: nn.Module) -> nn.Module:
    """Put ``module`` in the place ``name``, and return the module that stood there."""
    path, _, last = name.rpartition(".")
    parent = model.get_submodule(path)
    before = model.get_submodule(name)
    setattr(parent, last, module)
    return before


@contextmanager
def replaced(model: nn.Module, plan: Plan, device: str) -> Iterator[nn.Module]:
    """The model in which the plan's modules stand, while the context lasts."""
    before = {name: put(model, name, make().to(device).eval()) for name, make in plan.items()}
    try:
        yield model
    finally:
        for name, module in before.items():
            put(model, name, module)


def out_of_place(model: nn.Module) -> nn.Module:
    """The same model, changed so that no layer overwrites its input, for a dry run that tells tensors apart."""
    parts: Iterable[Any] = model.modules()
    for module in parts:
        if getattr(module, "inplace", False) is True:
            module.inplace = False
    return model


def keeps_shape(module: nn.Module) -> bool | None:
    """Whether the output has the shape of the input; None where that can't be told without running the module."""
    match module:
        case nn.Linear():
            return bool(module.in_features == module.out_features)
        case nn.Conv1d() | nn.Conv2d() | nn.Conv3d():
            axes: Any = zip(module.padding, module.dilation, module.kernel_size, strict=False)
            same = module.padding == "same" or all(2 * pad == step * (size - 1) for pad, step, size in axes)
            return bool(module.in_channels == module.out_channels and set(module.stride) == {1} and same)
        case nn.Flatten() | nn.Unflatten() | nn.Upsample() | nn.PixelShuffle():
            return False
    return False if "Pool" in type(module).__name__ else None


def is_spatial(module: nn.Module) -> bool:
    """Whether the module works on the axes after the second, with the features on the second axis."""
    spatial = ("Conv", "Pool", "BatchNorm", "InstanceNorm", "GroupNorm", "Upsample")
    return any(word in type(part).__name__ for part in module.modules() for word in spatial)
