"""Plug-ins by name: Trimma's own, and those that installed packages offer as entry points.

A package offers a scheduler named ``hyperband`` with::

    [project.entry-points."trimma.schedulers"]
    hyperband = "my_package:Hyperband"
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from trimma.errors import UnknownName, UsageError

_OURS = {
    "analysis": {
        "contrasts": "trimma.ablation.analyses.by_contrasts:CONTRASTS",
        "interactions": "trimma.ablation.analyses.by_interactions:INTERACTIONS",
        "main-effects": "trimma.ablation.analyses.by_main_effects:MAIN_EFFECTS",
        "one-in": "trimma.ablation.analyses.by_one_in:ONE_IN",
        "path": "trimma.ablation.analyses.by_path:PATH",
        "shapley": "trimma.ablation.analyses.by_shapley:SHAPLEY",
    },
    "component": {
        "columns": "trimma.ablation.columns:Columns",
        "layers": "trimma.ablation.layers:Layers",
    },
    "searcher": {
        "random": "trimma.search:RandomSearch",
        "grid": "trimma.search:GridSearch",
        "quasi-random": "trimma.search:QuasiRandomSearch",
    },
    "scheduler": {
        "run-all": "trimma.schedule:RunAll",
        "median": "trimma.schedule:MedianRule",
        "asha": "trimma.schedule:Asha",
    },
    "engine": {
        "dask": "trimma.engines.dask.engine:Dask",
        "driver": "trimma.engines:Driver",
        "local": "trimma.engines:Local",
        "simulated": "trimma.engines:Simulated",
        "spark": "trimma.engines.spark.engine:Spark",
    },
    "design": {
        "factorial": "trimma.ablation.designs:Factorial",
        "leave-one-group-out": "trimma.ablation.designs:LeaveOneGroupOut",
        "leave-one-out": "trimma.ablation.designs:LeaveOneOut",
        "loco": "trimma.ablation.designs:LeaveOneOut",
        "one-in": "trimma.ablation.designs:OneIn",
        "pairwise": "trimma.ablation.designs:Pairwise",
        "path": "trimma.ablation.designs:AblationPath",
        "screening": "trimma.ablation.designs:Screening",
        "shapley": "trimma.ablation.designs:Shapley",
    },
    "store": {
        "memory": "trimma.stores:MemoryStore",
    },
}


def names(kind: str) -> list[str]:
    """The names of all plug-ins of a kind: analysis, component, design, engine, scheduler, searcher or store."""
    return sorted({*_OURS[kind], *(point.name for point in entry_points(group=_group(kind)))})


def find(kind: str, name: str) -> Any:
    """The plug-in with this name: a class or a function, or a value for an analysis.

    Raises `UnknownName`, which suggests the nearest name.
    """
    if name in _OURS[kind]:
        module, _, attribute = _OURS[kind][name].partition(":")
        return getattr(import_module(module), attribute)
    for point in entry_points(group=_group(kind), name=name):
        return point.load()
    raise UnknownName(kind, name, names(kind))


def _group(kind: str) -> str:
    return "trimma.analyses" if kind == "analysis" else f"trimma.{kind}s"


def resolve(kind: str, given: Any, methods: Iterable[str]) -> Any:
    """The plug-in that is named ``given``, or ``given`` itself when it is an object.

    Raises `UnknownName` for an unknown name, and `UsageError` for a plug-in that can't be made without settings, for a
    class, and for an object that has none of ``methods``.
    """
    if isinstance(given, str):
        plug_in = find(kind, given)
        try:
            return plug_in()
        except TypeError as error:
            label = getattr(plug_in, "__name__", given)
            raise UsageError(f"{kind}={given!r} needs settings: write {kind}=tm.{label}(...) ({error})") from error
    if isinstance(given, type):
        raise UsageError(f"{kind}={given.__name__} is a class: give an object, {given.__name__}(...)")
    wanted = list(methods)
    if not any(callable(getattr(given, method, None)) for method in wanted):
        raise UsageError(
            f"{kind}={given!r} is no {kind}: it has no method named {' or '.join(wanted)}. "
            f"By name there are: {', '.join(names(kind))}"
        )
    return given
