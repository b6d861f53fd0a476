"""Trimma: one training function, tuned, trimmed and trained, on a laptop or on a cluster.

>>> import trimma as tm
>>> study = tm.tune(fit, tm.Space(lr=tm.Float(1e-4, 1e-1, log=True)), maximize="accuracy", trials=60)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimma import errors
    from trimma.ablation.columns import Columns
    from trimma.ablation.designs import (
        AblationPath,
        Factorial,
        LeaveOneGroupOut,
        LeaveOneOut,
        OneIn,
        Pairwise,
        Screening,
        Shapley,
    )
    from trimma.ablation.layers import Layers
    from trimma.ablation.repeat_kinds import DataSet, Fold, RandomSplit, Seed
    from trimma.ablation.retune import Retune
    from trimma.ablation.setting import Setting
    from trimma.ablation.variant import Variant
    from trimma.api.ablate import ablate
    from trimma.api.ablation_study import AblationStudy
    from trimma.api.check import Check, check
    from trimma.api.doctor import doctor
    from trimma.api.explain import explain
    from trimma.api.stored_studies import delete, load, studies
    from trimma.api.study import Study
    from trimma.api.tune import tune
    from trimma.checkpoint import Checkpoints
    from trimma.engines import Driver, Local, Simulated
    from trimma.engines.dask.engine import Dask
    from trimma.engines.spark.engine import Spark
    from trimma.objective import StopTrial
    from trimma.schedule import Asha, MedianRule, RunAll
    from trimma.search import GridSearch, QuasiRandomSearch, RandomSearch
    from trimma.space import Choice, Derived, Float, Grid, Int, Space
    from trimma.stopping import Patience, Target, Timeout, TrialCount
    from trimma.stores import MemoryStore, SQLiteStore

__version__ = "0.1.0"

# each name is imported when it is first used, so that importing the package is fast, in workers too
_HOMES = {
    "AblationPath": "trimma.ablation.designs",
    "AblationStudy": "trimma.api.ablation_study",
    "Asha": "trimma.schedule",
    "Check": "trimma.api.check",
    "Checkpoints": "trimma.checkpoint",
    "Choice": "trimma.space",
    "Columns": "trimma.ablation.columns",
    "Dask": "trimma.engines.dask.engine",
    "DataSet": "trimma.ablation.repeat_kinds",
    "Derived": "trimma.space",
    "Driver": "trimma.engines",
    "Factorial": "trimma.ablation.designs",
    "Float": "trimma.space",
    "Fold": "trimma.ablation.repeat_kinds",
    "Grid": "trimma.space",
    "GridSearch": "trimma.search",
    "Int": "trimma.space",
    "Layers": "trimma.ablation.layers",
    "LeaveOneGroupOut": "trimma.ablation.designs",
    "LeaveOneOut": "trimma.ablation.designs",
    "Local": "trimma.engines",
    "MedianRule": "trimma.schedule",
    "MemoryStore": "trimma.stores",
    "OneIn": "trimma.ablation.designs",
    "Pairwise": "trimma.ablation.designs",
    "Patience": "trimma.stopping",
    "QuasiRandomSearch": "trimma.search",
    "RandomSearch": "trimma.search",
    "RandomSplit": "trimma.ablation.repeat_kinds",
    "Retune": "trimma.ablation.retune",
    "RunAll": "trimma.schedule",
    "SQLiteStore": "trimma.stores",
    "Screening": "trimma.ablation.designs",
    "Seed": "trimma.ablation.repeat_kinds",
    "Setting": "trimma.ablation.setting",
    "Shapley": "trimma.ablation.designs",
    "Simulated": "trimma.engines",
    "Space": "trimma.space",
    "Spark": "trimma.engines.spark.engine",
    "StopTrial": "trimma.objective",
    "Study": "trimma.api.study",
    "Target": "trimma.stopping",
    "Timeout": "trimma.stopping",
    "TrialCount": "trimma.stopping",
    "Variant": "trimma.ablation.variant",
    "ablate": "trimma.api.ablate",
    "check": "trimma.api.check",
    "delete": "trimma.api.stored_studies",
    "doctor": "trimma.api.doctor",
    "explain": "trimma.api.explain",
    "load": "trimma.api.stored_studies",
    "studies": "trimma.api.stored_studies",
    "tune": "trimma.api.tune",
}

__all__ = [
    "AblationPath",
    "AblationStudy",
    "Asha",
    "Check",
    "Checkpoints",
    "Choice",
    "Columns",
    "Dask",
    "DataSet",
    "Derived",
    "Driver",
    "Factorial",
    "Float",
    "Fold",
    "Grid",
    "GridSearch",
    "Int",
    "Layers",
    "LeaveOneGroupOut",
    "LeaveOneOut",
    "Local",
    "MedianRule",
    "MemoryStore",
    "OneIn",
    "Pairwise",
    "Patience",
    "QuasiRandomSearch",
    "RandomSearch",
    "RandomSplit",
    "Retune",
    "RunAll",
    "SQLiteStore",
    "Screening",
    "Seed",
    "Setting",
    "Shapley",
    "Simulated",
    "Space",
    "Spark",
    "StopTrial",
    "Study",
    "Target",
    "Timeout",
    "TrialCount",
    "Variant",
    "ablate",
    "check",
    "delete",
    "doctor",
    "errors",
    "explain",
    "load",
    "studies",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("trimma.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'trimma' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
