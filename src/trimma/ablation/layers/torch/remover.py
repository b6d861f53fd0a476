"""Takes modules out of PyTorch models: an identity takes their place, or an adapter where the user wants one.

Names are those of ``named_modules()``. They don't change, nor do the keys of the state dict for the other modules.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn

from trimma.ablation.layers.layer_remover import CannotTell, Layer, Weights
from trimma.ablation.layers.torch.dry_run import DryRun
from trimma.ablation.layers.torch.new_weights import draw_weights, refuse_undrawable
from trimma.ablation.layers.torch.not_removable import RemovalRefusals, is_leaf
from trimma.ablation.layers.torch.replace_modules import Plan, copied, keeps_shape, put
from trimma.ablation.layers.torch.same_copy import refuse_other_copy
from trimma.ablation.layers.torch.stand_in_modules import FirstInput, passing_on
from trimma.errors import UsageError


class TorchLayerRemover:
    """Makes deep copies of a module, weights included, in which other modules stand where layers are taken out.

    Where a whole branch is taken out, the sum or product of which it was a part becomes what it is without the branch:
    ``x + f(x)`` becomes ``x``. All other layers stay as they are; those that write over their input still do. What
    stands in for a layer that made a new tensor makes a new one, too, so that nothing else is written over than before.
    A forward pass on ``example``, or on an input that suits the first layer, shows these
    branches and whether the rest connects. Where no such input is found, layers that change shapes are refused. With
    the ``weights`` "new", all weights are drawn anew; they depend on the ``seed``.
    """

    def __init__(
        self, model: Any, *, adapt: bool = False, example: Any = None, weights: Weights = "keep", seed: int = 0
    ) -> None:
        if isinstance(model, torch.jit.ScriptModule) or type(model).__name__ == "OptimizedModule":
            raise UsageError(
                "model=: layers can't be taken out of a compiled model: give the original, and compile what the "
                "objective gets"
            )
        self._model, self._adapt, self._weights, self._seed = model, adapt, weights, seed
        self._refusals = RemovalRefusals(model)
        self._dry_run = DryRun.of(model, self._refusals.first, example)
        if self._dry_run is not None:
            self._refusals.learn(self._dry_run.whole)

    @property
    def layers(self) -> Sequence[Layer]:
        modules = {name: module for name, module in self._model.named_modules() if name}
        order = [*self._order, *modules]
        return [
            Layer(
                name=name,
                kind=type(modules[name]).__name__,
                refused=self._refusals.of(name),
                parts=() if is_leaf(modules[name]) else tuple(part for part in modules if part.startswith(f"{name}.")),
            )
            for name in dict.fromkeys(order)
            if ".parametrizations" not in f".{name}"
        ]

    def check(self, names: Sequence[str]) -> None:
        with _own_chance():
            self._plan(names)

    def check_whole(self) -> None:
        if self._weights == "new":
            refuse_undrawable(self._model)
            return
        call = None if self._dry_run is None else self._dry_run.call
        refuse_other_copy(self._model, self.without(()), call)

    def without(self, names: Sequence[str]) -> nn.Module:
        with _own_chance():
            return self._replaced(self._plan(names))

    def _replaced(self, plan: Plan) -> nn.Module:
        shares = set() if self._dry_run is None else self._dry_run.whole.shares
        model = copied(self._model)
        if self._weights == "new":
            torch.default_generator.manual_seed(self._seed)
            draw_weights(model)
        for name, make in plan.items():
            gone = model.get_submodule(name)
            kind = passing_on(gone, shares=name in shares) if make in (nn.Identity, FirstInput) else make
            stand_in = kind().train(gone.training)
            like = next(gone.parameters(), next(model.parameters(), None))
            put(model, name, stand_in if like is None else stand_in.to(device=like.device, dtype=like.dtype))
        return model

    @property
    def _order(self) -> list[str]:
        return [] if self._dry_run is None else list(self._dry_run.whole.given)

    def _plan(self, names: Sequence[str]) -> Plan:
        """What is to stand in each layer's place. Raises `Clash`."""
        gone = self._called(names)
        if self._dry_run is not None:
            return self._dry_run.plan(gone, adapt=self._adapt)
        for name in gone:
            if keeps_shape(self._model.get_submodule(name)) is False:
                raise CannotTell(
                    f"{name!r} would no longer change the shape of what it is given, and no input was found on which "
                    "the model runs, to see whether the rest connects: give one, as in tm.Layers(..., example=(2, 3, "
                    "32, 32)), a shape with the batch first, or a tensor, or a function that makes the inputs"
                )
        return dict.fromkeys(gone, nn.Identity)

    def _called(self, names: Iterable[str]) -> list[str]:
        """The outermost of these modules, in order. A list of modules is never called, and stands for its members."""
        called: list[str] = []
        for name in names:
            module = self._model.get_submodule(name)
            if isinstance(module, nn.ModuleList | nn.ModuleDict):
                called += self._called(f"{name}.{part}" for part, _ in module.named_children())
            else:
                called.append(name)
        outermost = [name for name in called if not any(name.startswith(f"{other}.") for other in called)]
        order = {name: place for place, name in enumerate(self._order)}
        return sorted(dict.fromkeys(outermost), key=lambda name: order.get(name, len(order)))


def _own_chance() -> AbstractContextManager[None]:
    """Has weights, among them those of adapters, drawn without a change to what the objective draws."""
    context: AbstractContextManager[None] = torch.random.fork_rng(devices=[])
    return context
