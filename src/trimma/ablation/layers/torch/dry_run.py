"""Runs a PyTorch model on an example without some of its layers, to see whether the rest connects."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from trimma.ablation.layers.layer_remover import CannotTell, Clash, shape_text
from trimma.ablation.layers.torch.example_inputs import Call, call_of, likely_calls
from trimma.ablation.layers.torch.forward_trace import Trace, skeleton, trace
from trimma.ablation.layers.torch.replace_modules import Plan, copied, is_spatial, out_of_place, replaced
from trimma.ablation.layers.torch.stand_in_modules import FirstInput, Ones, Zeros, adapter
from trimma.errors import UsageError


@dataclass(frozen=True)
class DryRun:
    """A copy of a model on a device, a call on which it runs, and the trace of the whole model on that call."""

    model: nn.Module
    device: str
    call: Call
    whole: Trace

    @classmethod
    def of(cls, model: nn.Module, first: nn.Module | None, example: Any) -> "DryRun | None":
        """The dry run on ``example``, or on a call that suits the model; None where no such call is found.

        It takes no memory and does no arithmetic (device "meta") where the model allows that. Otherwise it uses the
        model's weights on the CPU. Raises `UsageError` where the model can't be run on the example given.
        """
        try:
            bare = out_of_place(skeleton(model))
        except Exception:  # noqa: BLE001 - a module's own __deepcopy__ may raise anything
            bare = None
        if example is None:
            return next((run for call in likely_calls(first) if (run := cls._tried(bare, "meta", call))), None)
        call = call_of(example, first)
        if (run := cls._tried(bare, "meta", call)) is not None:
            return run
        real = out_of_place(copied(model)).eval().to("cpu")
        seen = _traced(real, call, "cpu")
        if seen.error is not None:
            raise UsageError(
                f"Layers(example=...): the model itself doesn't run on it ({type(seen.error).__name__}: {seen.error})"
            ) from seen.error
        return cls(real, "cpu", call, seen)

    @classmethod
    def _tried(cls, model: nn.Module | None, device: str, call: Call) -> "DryRun | None":
        if model is None:
            return None
        seen = _traced(model, call, device)
        return cls(model, device, call, seen) if seen.error is None else None

    def plan(self, gone: Sequence[str], *, adapt: bool) -> Plan:
        """The modules that are to take the places of these layers. ``gone`` is in the order in which the layers run.

        Raises `Clash` where the rest doesn't connect, or where with ``adapt`` no adapter makes it connect. Raises
        `CannotTell` for a layer that isn't run.
        """
        for name in gone:
            if name not in self.whole.given:
                raise CannotTell(f"{name!r} would still not be run: it isn't when the model is evaluated")
        plan: Plan = {name: FirstInput if name in self.whole.several else nn.Identity for name in gone}
        seen = self._run(plan)
        while branches := [name for name in gone if name in seen.twice and name not in self.whole.twice]:
            last = branches[-1]
            if plan[last] in (Zeros, Ones):
                break
            plan[last] = Zeros if seen.twice[last] == "sum" else Ones
            seen = self._run(plan)
        clash = self._clash(seen)
        if clash is not None and adapt:
            return self._adapted(plan, seen, clash)
        if clash is not None:
            raise clash
        return plan

    def _run(self, plan: Plan) -> Trace:
        with replaced(self.model, plan, self.device) as model:
            return _traced(model, self.call, self.device)

    def _adapted(self, plan: Plan, seen: Trace, clash: Clash) -> Plan:
        """The plan with an adapter for the last layer that was reached, or with one for each layer that needs one."""
        channels_first = any(is_spatial(self.model.get_submodule(name)) for name in plan)
        reached = [name for name in plan if seen.given.get(name) is not None]
        for places, given in ((reached[-1:], seen.given), (list(plan), self.whole.given)):
            bridged: dict[str, Callable[[], Any]] = dict(plan)
            for name in places:
                before, after = given.get(name), self.whole.made.get(name)
                if before != after and before is not None and after is not None:
                    bridged[name] = partial(adapter, before, after, channels_first=channels_first)
            if all(make() is not None for make in bridged.values()) and self._clash(self._run(bridged)) is None:
                return bridged
        raise Clash(f"{clash}, and no adapter bridges it")

    def _clash(self, seen: Trace) -> Clash | None:
        if seen.error is None:
            if seen.result == self.whole.result:
                return None
            return Clash(f"the model gives {_result(seen.result)} instead of {_result(self.whole.result)}")
        where = seen.inside[-1] if seen.inside else ""
        given, wanted = seen.given.get(where), self.whole.given.get(where)
        if given is not None and wanted is not None and given != wanted:
            return Clash(f"{where!r} gets shape {shape_text(given)} where it takes {shape_text(wanted)}")
        why = " ".join(str(seen.error).split()).rstrip(".")
        return Clash(f"{repr(where) if where else 'the forward pass'} fails ({type(seen.error).__name__}: {why})")


def _traced(model: nn.Module, call: Call, device: str) -> Trace:
    # a lazy module keeps the shapes of its first pass for good
    lazy = any(isinstance(module, LazyModuleMixin) for module in model.modules())
    return trace(copy.deepcopy(model) if lazy else model, call, device)


def _result(result: Any) -> str:
    return f"shape {shape_text(result)}" if isinstance(result, tuple) else f"shapes {result}"
