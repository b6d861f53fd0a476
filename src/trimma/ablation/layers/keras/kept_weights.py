"""Gives a Keras model that was built again the weights of the original."""

import tempfile
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from trimma.ablation.layers.layer_remover import Clash, shape_text
from trimma.errors import UsageError


def keep_weights(whole: Any, model: Any) -> None:
    """Copy the state of each layer of ``whole`` to the layer of the same name in ``model``.

    The state is the weights, statistics such as those of a batch norm, vocabularies, and where a layer is in its
    sequence of random numbers. A layer whose weights have another shape in ``model`` keeps its new ones.
    """
    for _, before, after in _pairs(whole, model, ""):
        if _misfit(before, after) is None:
            _copy_state(before, after)


def refuse_misfits(whole: Any, model: Any) -> None:
    """Raise `Clash` for a layer that can't have its weights of ``whole``, because they have another shape."""
    for name, before, after in _pairs(whole, model, ""):
        if (misfit := _misfit(before, after)) is not None:
            given, wanted = misfit
            raise Clash(
                f"{name!r} needs weights of shape {given}, and those of the model have shape {wanted} (weights='new' "
                "begins all trainings with new weights)"
            )


def refuse_other_outputs(whole: Any, model: Any) -> None:
    """Raise `UsageError` where ``model``, built again without leaving out anything, gives other outputs than ``whole``.

    Both are run on random numbers. Models whose inputs can't be drawn so, such as texts, aren't compared.
    """
    given = [_drawn(tensor) for tensor in whole.inputs] if whole.built else []
    if not given or any(tensor is None for tensor in given):
        return
    try:
        expected = whole(given[0] if len(given) == 1 else given, training=False)
    except Exception:  # noqa: BLE001 - the model may take numbers of another kind
        return
    found = model(given[0] if len(given) == 1 else given, training=False)
    for one, other in zip(keras.tree.flatten(expected), keras.tree.flatten(found), strict=True):
        before, after = map(keras.ops.convert_to_numpy, (one, other))
        if not np.allclose(before, after, rtol=1e-5, atol=1e-6, equal_nan=True):
            raise UsageError(
                f"model=: {whole.name!r} gives other outputs when it is built again from the configuration of its "
                "layers: get_config of a layer of your own lacks something, or use a function that makes the model"
            )


def _drawn(tensor: Any) -> Any:
    """Numbers for an input of a model, with sizes of 2 where they may vary; None where it takes no numbers."""
    if not isinstance(tensor, keras.KerasTensor) or tensor.sparse:
        return None
    shape, rng = [2 if size is None else size for size in tensor.shape], np.random.default_rng(0)
    kind = keras.backend.standardize_dtype(tensor.dtype)
    if "float" in kind:
        return rng.normal(size=shape).astype("float32")
    return rng.integers(2, size=shape).astype(kind) if "int" in kind or kind == "bool" else None


def _pairs(whole: Any, model: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The layers that are in both, with their names. Models within a model are gone through layer by layer."""
    before = {layer.name: layer for layer in whole.layers}
    for after in model.layers:
        if after.name not in before:
            continue
        if isinstance(after, keras.Sequential | keras.Function):
            yield from _pairs(before[after.name], after, f"{path}{after.name}/")
        else:
            yield path + after.name, before[after.name], after


def _misfit(before: Any, after: Any) -> tuple[str, str] | None:
    """The shapes of the first weights that differ, those of ``after`` first; None if all fit or there are none."""
    if not before.variables or not after.variables:
        return None
    mine, theirs = ([tuple(variable.shape) for variable in layer.variables] for layer in (after, before))
    for one, other in zip(mine, theirs, strict=False):
        if one != other:
            return shape_text(one), shape_text(other)
    return None if len(mine) == len(theirs) else (f"{len(mine)} tensors", f"{len(theirs)} tensors")


def _copy_state(before: Any, after: Any) -> None:
    for old, new in zip(before.variables, after.variables, strict=False):
        new.assign(keras.ops.convert_to_numpy(old))
    for old, new in zip(_parts(before), _parts(after), strict=False):
        store: dict[str, Any] = {}
        # layers such as Normalization derive more from what they load
        old.save_own_variables(store)
        if store:
            new.load_own_variables(store)
        if hasattr(old, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                old.save_assets(folder)
                new.load_assets(folder)


def _parts(layer: Any) -> list[Any]:
    return list(layer._flatten_layers())
