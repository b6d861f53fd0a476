"""Says which modules of a PyTorch model can't be taken out, and why."""

from collections.abc import Sequence

from torch import nn
from torch.nn.parameter import UninitializedParameter

from trimma.ablation.layers.torch.forward_trace import Trace

_INSTEAD = "replace it with tm.Variant(model=...)"
_ONE_OF_MANY = f"gives or takes more than one tensor, for which an identity can't stand: {_INSTEAD}"
_KINDS: Sequence[tuple[type[nn.Module] | tuple[type[nn.Module], ...], str]] = (
    ((nn.RNNBase, nn.RNNCellBase), f"is recurrent: it {_ONE_OF_MANY}"),
    (nn.MultiheadAttention, f"is attention: it {_ONE_OF_MANY}"),
    (nn.Bilinear, _ONE_OF_MANY),
    ((nn.Embedding, nn.EmbeddingBag), f"looks up whole numbers, which mean nothing by themselves: {_INSTEAD}"),
)
# these modules access their own parts directly, so that the parts can't be replaced one by one
_OPAQUE = (nn.MultiheadAttention, nn.TransformerEncoderLayer)


class RemovalRefusals:
    """The modules of one model that can't be taken out. A forward pass may add to them."""

    def __init__(self, model: nn.Module) -> None:
        self._modules = {name: module for name, module in model.named_modules() if name}
        self._hidden = {
            f"{name}.{part}"
            for name, module in self._modules.items()
            if isinstance(module, _OPAQUE)
            for part, _ in module.named_modules()
            if part
        }
        self._others: dict[int, list[str]] = {}
        for name, module in model.named_modules(remove_duplicate=False):
            self._others.setdefault(id(module), []).append(name)
        self._ends = _ends(self._modules, [name for name in self._modules if name not in self._hidden])
        self._seen: dict[str, str] = {}

    @property
    def first(self) -> nn.Module | None:
        """The input layer; None where no layer has weights."""
        return self._modules[self._ends[0]] if self._ends else None

    def learn(self, seen: Trace) -> None:
        """Learn from a forward pass of the whole model in which order its layers run, and what their outputs are."""
        self._ends = _ends(self._modules, [name for name in seen.given if name not in self._hidden])
        for name in seen.given:
            if seen.given[name] is None or seen.made.get(name) is None:
                self._seen[name] = _ONE_OF_MANY

    def of(self, name: str) -> str:
        """Why the module of this name can't be taken out, as in "is the input layer"; empty where it can."""
        for end, words in zip(self._ends, ("input", "output"), strict=False):
            if end == name:
                return f"is the {words} layer"
            if end.startswith(f"{name}."):
                return f"holds {end!r}, the {words} layer"
        if name in self._hidden:
            return "is reached into by what holds it: take that out, or replace it with tm.Variant(model=...)"
        module = self._modules[name]
        if len(places := self._others[id(module)]) > 1:
            return f"is one module in several places ({', '.join(places)}): {_INSTEAD}"
        for kinds, why in _KINDS:
            if isinstance(module, kinds):
                return why
        return self._seen.get(name, "")


def is_leaf(module: nn.Module) -> bool:
    """Whether the module counts as one layer, without parts that can be named."""
    parts = [name for name, _ in module.named_children() if name != "parametrizations"]
    return not parts or isinstance(module, _OPAQUE)


def _ends(modules: dict[str, nn.Module], order: Sequence[str]) -> tuple[str, ...]:
    """The first and the last layer that mix features, in the order given; empty where no layer does."""
    mixing = [name for name in order if is_leaf(modules[name]) and _mixes(modules[name])]
    return (mixing[0], mixing[-1]) if mixing else ()


def _mixes(module: nn.Module) -> bool:
    """Whether the module has weights from features to features. A norm has none: it scales each feature alone."""
    if "Norm" in type(module).__name__:
        return False
    return any(isinstance(weight, UninitializedParameter) or weight.dim() > 1 for weight in module.parameters())
