"""`tm.Layers`: the layers of a PyTorch or Keras model, or the steps of a scikit-learn pipeline, as components."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from trimma.ablation.layers.layer_remover import CannotTell, Clash, Layer, LayerRemover
from trimma.ablation.layers.model_argument import RemovalOptions, get_model, is_model_factory
from trimma.ablation.layers.suggest_groups import advice, working_groups
from trimma.ablation.question import Component
from trimma.ablation.selection import Selection, unknown
from trimma.errors import UnknownName, UsageError
from trimma.program import Inputs

__all__ = ["Layers"]


@dataclass(frozen=True, init=False)
class Layers:
    """The layers of the model that is given as ``model=``, as components: single layers, or groups of layers.

    Usage::

        tm.Layers("conv2", "dropout")  # these two layers, each by itself
        tm.Layers(groups=[["conv2", "relu2"], ["conv3", "relu3"]])
        tm.Layers(prefix="block3")  # all layers whose names begin with this, together
        tm.Layers(kind="Dropout")  # all layers of this class, together
        tm.Layers()  # every layer, each by itself

    ``model`` is a model, or a function that makes one. If it is a model, the objective gets a copy without the layers.
    If it is a function, the objective gets a function that passes its arguments on to it and takes the layers out of
    the model that it returns. With a function, every trial starts from weights of its own, drawn after the objective
    has set its seed. With a model, all trials start from its weights, which may have been trained before. With
    ``weights="new"`` (default "keep") each trial starts from new weights, which depend on its ``seed``.

    A function is also called once where the study is started, to list the layers: without arguments if that is
    possible, and otherwise with the objective's arguments of these names, such as ``seed``.

    A layer that is taken out passes its input on unchanged:

    - **PyTorch** (`torch.nn.Module`; names as in ``named_modules()``): an identity takes the place of the layer, in a
      deep copy of the model that has the original's weights. If a whole branch is taken out, ``x + f(x)`` becomes
      ``x``. Recurrent and attention modules, embeddings, and modules that stand in several places are refused.
    - **Keras 3** (Sequential and functional models; layers within a model that is itself a layer are named as in
      ``encoder/conv2``): the model is built again from the configuration of its layers, with its weights, and
      compiled as it was, with a new optimizer. If only one branch of a merge is left, the merge passes it on. A layer
      that would need weights of another shape is a clash, unless weights are new. Subclassed models are refused.
    - **scikit-learn** (`Pipeline`, `FeatureUnion`, `ColumnTransformer`; names as in ``set_params``, such as
      ``features__pca``): the step becomes "passthrough", or "drop" within a union, in an unfitted clone, which has no
      weights.

    Input and output layers can't be left out. For PyTorch these are the first and the last layer that have weights from
    features to features. For scikit-learn this is the last step.

    Whether the remaining layers connect is checked where the study is started. PyTorch needs an input for the check. By
    default, inputs that suit the first layer are tried. ``example`` gives another: a tensor, a tuple of tensors, a dict
    of tensors by name, a shape with the batch first, or a function that makes one of these. For a Keras model that
    isn't built, ``example`` is the shape of the input.

    With ``adapt`` (default False) an adapter is put where shapes clash, and nowhere else. It projects the features,
    starting as close to the identity as it can, and averages images to the other size.

    ``group``, ``groups`` and ``prefix`` are as for `Columns`. ``kind`` is the name of a class, or a list of such names.

    Raises `UsageError` for a layer that doesn't exist (the message names the nearest that does), for a layer that can't
    be left out, and if the remaining layers don't connect (the message names the shapes that clash, and neighbours that
    could be left out together).
    """

    changes = ("model",)

    selection: Selection
    kinds: tuple[str, ...]
    options: RemovalOptions

    def __init__(
        self,
        *names: str,
        group: Any = None,
        groups: Any = None,
        prefix: str | Iterable[str] | None = None,
        kind: str | Iterable[str] | None = None,
        adapt: bool = False,
        example: Any = None,
        weights: Literal["keep", "new"] = "keep",
    ) -> None:
        if weights not in ("keep", "new"):
            raise UnknownName("choice of weights", str(weights), ("keep", "new"))
        object.__setattr__(self, "selection", Selection.of(names, group=group, groups=groups, prefix=prefix))
        object.__setattr__(self, "kinds", _kinds(kind))
        object.__setattr__(self, "options", RemovalOptions(adapt=adapt, example=example, weights=weights))

    @property
    def notes(self) -> Sequence[str]:
        if self.options.weights == "new":
            return ["Each training began with new weights of its model, whatever weights the model had."]
        return []

    def components(self, inputs: Inputs) -> Sequence[Component]:
        options = self.options
        if is_model_factory(inputs.model):
            if options.weights == "new":
                raise UsageError(
                    "Layers(weights='new'): model= is a function, which makes a model with weights of its own for each "
                    "training: leave weights= out"
                )
            options = options.of_factory()
        remover = options.remover(get_model(inputs))
        remover.check_whole()
        layers = {layer.name: layer for layer in remover.layers}
        refused = {layer.name: f"Layers: {layer.name!r} {layer.refused}" for layer in layers.values() if layer.refused}
        free = [layer.name for layer in layers.values() if not layer.parts and not layer.refused]
        if self.selection.is_empty and not self.kinds:
            return self.selection.components("layer", [name for name in free if _clash(remover, [name]) is None])
        by_kind = tuple((kind, _of_kind(kind, layers)) for kind in self.kinds)
        selection = replace(self.selection, groups=(*self.selection.groups, *by_kind))
        found = [_with_parts(part, layers) for part in selection.components("layer", list(layers), refused)]
        for component in found:
            if (clash := _clash(remover, component.members)) is not None:
                what = ""
                if not isinstance(clash, CannotTell):
                    groups = working_groups(free, component.members, remover.check)
                    what = f" {advice(groups, adaptable=not self.options.adapt)}"
                raise UsageError(f"Layers: without {component.name!r}, {clash}.{what}") from clash
        return found

    def remove(self, inputs: Inputs, components: Sequence[Component]) -> Inputs:
        names = [name for component in components for name in component.members]
        return replace(inputs, model=self.options.without(inputs.model, list(dict.fromkeys(names)), inputs.seed))

    def __repr__(self) -> str:
        arguments = self.selection.arguments()
        if self.kinds:
            arguments.append(f"kind={self.kinds[0] if len(self.kinds) == 1 else list(self.kinds)!r}")
        if self.options.adapt:
            arguments.append("adapt=True")
        if self.options.weights != "keep":
            arguments.append(f"weights={self.options.weights!r}")
        return f"Layers({', '.join(arguments)})"


def _clash(remover: LayerRemover, names: Sequence[str]) -> Clash | None:
    try:
        remover.check(names)
    except Clash as clash:
        return clash
    return None


def _kinds(kind: Any) -> tuple[str, ...]:
    if kind is None:
        return ()
    kinds = (kind,) if isinstance(kind, str) or not isinstance(kind, Iterable) else tuple(kind)
    if not kinds or not all(isinstance(name, str) and name for name in kinds):
        raise UsageError(f"Layers(kind={kind!r}): give the name of a class, such as 'Dropout', or a list of them")
    return kinds


def _of_kind(kind: str, layers: Mapping[str, Layer]) -> tuple[str, ...]:
    there = {layer.kind for layer in layers.values() if not layer.refused}
    if kind not in there:
        raise unknown("kind of layer", kind, sorted(there))
    found = tuple(layer.name for layer in layers.values() if layer.kind == kind and not layer.refused)
    if len(found) == 1:
        raise UsageError(f"kind={kind!r} fits only {found[0]!r}, a group of one: name it by itself")
    return found


def _with_parts(component: Component, layers: Mapping[str, Layer]) -> Component:
    """The component, extended by the layers within its layers, so that overlaps with other components are seen."""
    members = [part for name in component.members for part in (name, *layers[name].parts)]
    return Component(name=component.name, kind=component.kind, members=tuple(dict.fromkeys(members)))
