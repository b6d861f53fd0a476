"""Draws the weights of a PyTorch model anew, each module by its own rule."""

from collections.abc import Callable
from typing import Any

from torch import nn

from trimma.errors import UsageError


def refuse_undrawable(model: nn.Module) -> None:
    """Raise `UsageError` for a module with weights that doesn't know how to draw them."""
    for name, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)) and _reset(module) is None:
            raise UsageError(
                f"Layers(weights='new'): {type(module).__name__} {f'{name!r} ' if name else ''}has weights and no "
                "method reset_parameters(), which would draw them anew: give one, or model= a function that makes the "
                "model"
            )


def draw_weights(model: nn.Module) -> None:
    """Draw all weights anew, and reset statistics such as those of a batch norm."""
    for module in model.modules():
        if (reset := _reset(module)) is not None:
            reset()


def _reset(module: nn.Module) -> Callable[[], Any] | None:
    found: Callable[[], Any] | None = getattr(module, "reset_parameters", None)
    return found or getattr(module, "_reset_parameters", None)
