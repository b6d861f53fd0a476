"""Makes sure that a copy of a PyTorch model, of which layers are taken out, is the model."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from trimma.ablation.layers.torch.example_inputs import Call
from trimma.ablation.tables.nested_data import leaves
from trimma.errors import UsageError

_ADVICE = "give a function that makes the model, as in model=make, or keep all that the model holds in its modules"


def refuse_other_copy(model: nn.Module, copy: nn.Module, call: Call | None) -> None:
    """Raise `UsageError` where ``copy``, of which nothing was taken out, isn't the same as ``model``.

    It must have the same weights, modes and statistics. On random numbers in the place of ``call`` it must give the
    same outputs, bit for bit, and must not run a module of the model itself. Outputs aren't compared without a call,
    for a model that has no weights yet, and for one that gives other outputs each time.
    """
    refuse_other_state(model, copy)
    if call is None or any(is_lazy(tensor) for tensor in [*model.parameters(), *model.buffers()]):
        return
    given = _drawn(call, model)
    ran: list[str] = []
    try:
        with _watched(model, ran):
            found, again = _outputs(copy, given), _outputs(copy, given)
    except Exception:  # noqa: BLE001 - the model may take numbers of another kind
        return
    if ran:
        raise UsageError(
            f"model=: a copy of the {type(model).__name__} still runs {ran[0]!r} of the model that was copied, which "
            f"a function holds, such as a lambda: {_ADVICE}"
        )
    if _same(found, again) and not _same(found, _outputs(model, given)):
        raise UsageError(f"model=: a copy of the {type(model).__name__} gives other outputs than the model: {_ADVICE}")


def refuse_other_state(model: nn.Module, copy: nn.Module) -> None:
    """Raise `UsageError` where a copy of the model has other modules, modes, weights or statistics."""
    before, after = dict(model.named_modules()), dict(copy.named_modules())
    for name in [*before, *after]:
        one, other = before.get(name), after.get(name)
        if type(one) is not type(other) or (one is not None and other is not None and one.training != other.training):
            raise UsageError(f"model=: a copy of the {type(model).__name__} has another {name!r}: {_ADVICE}")
    weights, copied = model.state_dict(), copy.state_dict()
    for name in {**weights, **copied}:
        left, right = weights.get(name), copied.get(name)
        if not _same([left], [right]):
            raise UsageError(f"model=: a copy of the {type(model).__name__} has other values in {name!r}: {_ADVICE}")


def _drawn(call: Call, model: nn.Module) -> Call:
    """The call on the model's device, with random numbers for tensors that hold nothing."""
    device = next((tensor.device for tensor in [*model.parameters(), *model.buffers()]), torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)

    def drawn(value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or not value.is_meta:
            return value
        if value.dtype.is_floating_point:
            return torch.randn(value.shape, generator=generator).to(value.dtype)
        return torch.zeros(value.shape, dtype=value.dtype)

    named = {name: drawn(value) for name, value in (call.named or {}).items()}
    return Call(tuple(map(drawn, call.inputs)), named).on(str(device))


def _outputs(model: nn.Module, call: Call) -> list[Any]:
    """All that the model gives in evaluation, without gradients. Its modes, and what is drawn by others, stay."""
    modes = {module: module.training for module in model.modules()}
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.random.fork_rng(devices=[]))
        torch.default_generator.manual_seed(0)
        try:
            model.eval()
            # a model may write over what it is given
            inputs = [_cloned(value) for value in call.inputs]
            named = {name: _cloned(value) for name, value in (call.named or {}).items()}
            return list(leaves(model(*inputs, **named)))
        finally:
            for module, training in modes.items():
                module.training = training


def _cloned(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value


def _same(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether both are the same bit for bit. What is no tensor isn't compared."""
    if len(some) != len(others):
        return False
    for one, other in zip(some, others, strict=True):
        if isinstance(one, torch.Tensor) != isinstance(other, torch.Tensor):
            return False
        if not isinstance(one, torch.Tensor) or is_lazy(one):
            continue
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        if not bool(((one == other) | ((one != one) & (other != other))).all()):
            return False
    return True


@contextmanager
def _watched(model: nn.Module, ran: list[str]) -> Iterator[None]:
    """Take note of the names of the model's modules that are run."""

    def note(name: str) -> Any:
        return lambda module, inputs: ran.append(name)

    handles = [module.register_forward_pre_hook(note(name)) for name, module in model.named_modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
