# mypy: allow-subclassing-any
"""The modules that take the place of a layer in a PyTorch model: identity, copies, zeros, ones, and adapters."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd


class FirstInput(nn.Identity):
    """Returns its first input. It takes the place of a layer that is called with several inputs."""

    def forward(self, *inputs: Any, **named: Any) -> Any:
        return inputs[0] if inputs else next(iter(named.values()))


class Copy(FirstInput):
    """Returns a copy of its first input. It takes the place of a layer whose output is a new tensor.

    What follows may write over its input, and must not reach a tensor that another branch still uses.
    """

    def forward(self, *inputs: Any, **named: Any) -> Any:
        given = super().forward(*inputs, **named)
        return given.clone() if isinstance(given, torch.Tensor) else given


class CopyInTraining(Copy):
    """Returns a copy of its first input in training, and the input itself in evaluation, as a dropout does."""

    def forward(self, *inputs: Any, **named: Any) -> Any:
        return super().forward(*inputs, **named) if self.training else FirstInput.forward(self, *inputs, **named)


class Zeros(FirstInput):
    """Returns zeros in the shape of its first input: a branch that adds nothing."""

    def forward(self, *inputs: Any, **named: Any) -> Any:
        return torch.zeros_like(super().forward(*inputs, **named))


class Ones(FirstInput):
    """Returns ones in the shape of its first input: a gate that changes nothing."""

    def forward(self, *inputs: Any, **named: Any) -> Any:
        return torch.ones_like(super().forward(*inputs, **named))


def passing_on(gone: nn.Module, *, shares: bool) -> type[nn.Module]:
    """The stand-in that passes on what ``gone`` is given, as a new tensor where ``gone`` makes a new one.

    ``shares`` says whether the output of ``gone`` is its input, or a view of it, when the model is evaluated.
    """
    if getattr(gone, "inplace", False) is True or isinstance(gone, nn.Identity):
        return FirstInput
    if isinstance(gone, _DropoutNd):
        return CopyInTraining if gone.p > 0 else FirstInput
    return FirstInput if shares else Copy


_CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_POOLS = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}


def adapter(given: Sequence[int], wanted: Sequence[int], *, channels_first: bool) -> nn.Module | None:
    """A module that turns the shape ``given`` into the shape ``wanted``, both with the batch first.

    None if no simple module can. The adapter changes as little as possible. A projection without bias (of the last
    axis, or a convolution of width 1 over the channels) starts as the identity on the features that both shapes have,
    and as zero on the others. Other axes are averaged to their new sizes. With ``channels_first`` the second axis holds
    the features, otherwise the last axis does.
    """
    if len(given) != len(wanted) or given[0] != wanted[0] or len(given) < 2:
        return None
    if len(given) == 2 or not channels_first:
        if tuple(given[:-1]) != tuple(wanted[:-1]):
            return None
        projection = nn.Linear(given[-1], wanted[-1], bias=False)
        nn.init.eye_(projection.weight)
        return projection
    axes = len(given) - 2
    if axes not in _POOLS:
        return None
    parts: list[nn.Module] = []
    if tuple(given[2:]) != tuple(wanted[2:]):
        parts.append(_POOLS[axes](tuple(wanted[2:]) if axes > 1 else wanted[2]))
    if given[1] != wanted[1]:
        mixing = _CONVOLUTIONS[axes](given[1], wanted[1], 1, bias=False)
        nn.init.dirac_(mixing.weight)
        parts.append(mixing)
    return parts[0] if len(parts) == 1 else nn.Sequential(*parts)
