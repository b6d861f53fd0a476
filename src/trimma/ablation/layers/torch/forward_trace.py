# mypy: allow-subclassing-any
"""Traces one forward pass through a PyTorch model: which layers ran, and on which shapes."""

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode

from trimma.ablation.layers.torch.example_inputs import Call

Shape = tuple[int, ...]

_OPERATIONS = {
    **dict.fromkeys(("add", "add_", "__add__", "__iadd__", "__radd__"), "sum"),
    **dict.fromkeys(("mul", "mul_", "__mul__", "__imul__", "__rmul__", "multiply"), "product"),
}


@dataclass(slots=True)
class Trace:
    """What a forward pass showed, by the names of layers, in the order in which they were first called.

    ``given`` and ``made`` are the shapes of a layer's first input and of its output, or None where these are no
    tensors. ``several`` are the layers that were called with several inputs. ``shares`` are those whose output lies in
    the memory of their first input, as a view does. ``twice`` says which layers' outputs came
    twice into a sum or a product, as in ``x + x``. ``inside`` are the layers that were called and didn't return,
    because the pass ended in an error.
    """

    given: dict[str, Shape | None] = field(default_factory=dict)
    made: dict[str, Shape | None] = field(default_factory=dict)
    several: set[str] = field(default_factory=set)
    shares: set[str] = field(default_factory=set)
    twice: dict[str, str] = field(default_factory=dict)
    inside: list[str] = field(default_factory=list)
    result: Any = None
    error: Exception | None = None


def skeleton(model: nn.Module) -> nn.Module:
    """A copy of the model without its weights' values, in evaluation mode, with its tensors on the device "meta"."""
    empty: dict[int, Any] = {}
    for tensor in chain(model.parameters(), model.buffers()):
        if is_lazy(tensor):
            make: Any = type(tensor)
            empty[id(tensor)] = make(device="meta")
            continue
        bare = tensor.detach().to("meta")
        is_parameter = isinstance(tensor, nn.Parameter)
        empty[id(tensor)] = nn.Parameter(bare, requires_grad=tensor.requires_grad) if is_parameter else bare
    return copy.deepcopy(model, empty).eval()


def trace(model: nn.Module, call: Call, device: str) -> Trace:
    """Run the model, whose tensors are on ``device``, without gradients. What it raises is kept in ``error``."""
    seen = Trace()
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.device(device))
        stack.enter_context(torch.random.fork_rng(devices=[]))
        stack.enter_context(_watched(model, seen))
        try:
            here = call.on(device)
            seen.result = shapes_of(model(*here.inputs, **(here.named or {})))
        except Exception as error:  # noqa: BLE001 - the user's forward may raise anything
            seen.error = error
    return seen


def shapes_of(value: Any) -> Any:
    """The shapes of all tensors in a nested structure, nested in the same way in plain lists and dicts."""
    if isinstance(value, torch.Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {str(name): shapes_of(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [shapes_of(part) for part in value]
    return type(value).__name__


def _shape(value: Any) -> Shape | None:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def _share_memory(one: Any, other: Any) -> bool:
    if not isinstance(one, torch.Tensor) or not isinstance(other, torch.Tensor):
        return False
    # sparse tensors, for one, have no storage
    with suppress(NotImplementedError, RuntimeError):
        return bool(one.untyped_storage()._cdata == other.untyped_storage()._cdata)
    return one is other


class _RepeatedOperands(TorchFunctionMode):
    """Notices when a tensor enters a sum or a product of which it is a part already, and which layers made it."""

    def __init__(self, seen: Trace) -> None:
        super().__init__()
        self.gave: dict[int, list[str]] = {}
        self._seen = seen
        # the tensors of which each sum and each product is made
        self._made_of: dict[tuple[str, int], set[int]] = {}
        # all tensors are kept alive, so that no later tensor gets the id of an earlier one
        self._kept: list[Any] = []

    def layer_gave(self, name: str, tensor: torch.Tensor) -> None:
        self.gave.setdefault(id(tensor), []).append(name)
        self._kept.append(tensor)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kind = _OPERATIONS.get(getattr(func, "__name__", ""))
        if kind is None or len(args) < 2 or not all(isinstance(value, torch.Tensor) for value in args[:2]):
            return func(*args, **(kwargs or {}))
        left, right = (self._made_of.get((kind, id(value)), {id(value)}) | {id(value)} for value in args[:2])
        for tensor in left & right:
            for layer in self.gave.get(tensor, ()):
                self._seen.twice[layer] = kind
        result = func(*args, **(kwargs or {}))
        self._made_of[kind, id(result)] = left | right
        self._kept += [*args[:2], result]
        return result


@contextmanager
def _watched(model: nn.Module, seen: Trace) -> Iterator[None]:
    operands = _RepeatedOperands(seen)
    handles = []

    def watch(name: str, module: nn.Module) -> None:
        def enter(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
            values = [*inputs, *named.values()]
            seen.given.setdefault(name, _shape(values[0]) if values else None)
            if len(values) > 1:
                seen.several.add(name)
            seen.inside.append(name)

        def leave(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
            seen.made.setdefault(name, _shape(output))
            if _share_memory(next(iter([*inputs, *named.values()]), None), output):
                seen.shares.add(name)
            seen.inside.pop()
            if isinstance(output, torch.Tensor):
                operands.layer_gave(name, output)

        handles.append(module.register_forward_pre_hook(enter, with_kwargs=True))
        handles.append(module.register_forward_hook(leave, with_kwargs=True))

    for name, module in model.named_modules():
        if name:
            watch(name, module)
    try:
        with operands:
            yield
    finally:
        for handle in handles:
            handle.remove()
