"""Replacing parts of a PyTorch model."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn

from trimma.errors import UsageError

Plan = Mapping[str, Callable[[], nn.Module]]
"""What is to stand where, by the name of what stands there."""


def copied(model: nn.Module) -> nn.Module:
    """A deep copy; raises `UsageError` for a model of which there can't be one."""
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise UsageError(
            f"model=: the {type(model).__name__} can't be copied ({error}): give a function that makes one"
        ) from error


def put(model: nn.Module, name: str, module: nn.Module) -> nn.Module:
    """Put ``module`` in the place ``name``; what stood there."""
    path, _, last = name.rpartition(".")
    parent = model.get_submodule(path)
    before = model.get_submodule(name)
    setattr(parent, last, module)
    return before


@contextmanager
def replaced(model: nn.Module, plan: Plan, device: str) -> Iterator[nn.Module]:
    """The model with the plan's stand-ins, while the context lasts."""
    before = {name: put(model, name, make().to(device).eval()) for name, make in plan.items()}
    try:
        yield model
    finally:
        for name, module in before.items():
            put(model, name, module)


def out_of_place(model: nn.Module) -> nn.Module:
    """The model itself, in which no layer writes over its input any more.

    After a layer that is gone it would write over what another branch goes on with.
    """
    parts: Iterable[Any] = model.modules()
    for module in parts:
        if getattr(module, "inplace", False) is True:
            module.inplace = False
    return model


def keeps_shape(module: nn.Module) -> bool | None:
    """Whether what it gives has the shape of what it is given; None where that can't be told without running it."""
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
    """Whether it works on the axes after the second, with the features on the second."""
    spatial = ("Conv", "Pool", "BatchNorm", "InstanceNorm", "GroupNorm", "Upsample")
    return any(word in type(part).__name__ for part in module.modules() for word in spatial)
