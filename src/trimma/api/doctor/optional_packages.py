"""Checks of the optional packages: which of them are installed, and what each one is for."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from trimma.api.advice import command
from trimma.api.doctor.finding import Finding

_EXTRAS = {
    "plotly": ("plot", "interactive pictures of a study"),
    "matplotlib": ("image", "pictures for papers"),
    "pandas": ("pandas", "to_pandas()"),
    "pyarrow": ("parquet", "export to Parquet"),
    "scipy": ("scipy", "quasi-random search"),
    "scikit-learn": ("sklearn", "the demo"),
    "distributed": ("dask", "engine='dask'"),
    "pyspark": ("spark", "engine='spark'"),
}
_ENGINES = {"distributed": "dask", "pyspark": "spark"}
_OLDEST_SPARK = (3, 5)


def check_optional_packages(engine: Any) -> Iterator[Finding]:
    """Check each optional package; where ``engine`` is None, say of the engines' packages how to check the engine."""
    for package, (extra, purpose) in _EXTRAS.items():
        found = _installed(package)
        if found is None:
            advice = f"pip install 'trimma[{extra}]'"
            yield Finding(what=package, state="missing", detail=f"not installed; for {purpose}", advice=advice)
        elif package == "pyspark" and tuple(map(int, re.findall(r"\d+", found)[:2])) < _OLDEST_SPARK:
            yield Finding(
                what=package,
                state="wrong" if engine == "spark" else "missing",
                detail=f"{found} is too old for {purpose}",
                advice="pip install 'pyspark>=3.5', where the cluster has that version",
            )
        else:
            name = _ENGINES.get(package)
            untried = (
                f" (not tried; to try it: {command('doctor', '--engine', name)})" if name and engine is None else ""
            )
            yield Finding(what=package, state="ok", detail=f"{found}, for {purpose}{untried}")


def _installed(package: str) -> str | None:
    """The version of a package; some clusters bring their own PySpark, which isn't installed as one."""
    try:
        return version(package)
    except PackageNotFoundError:
        if package != "pyspark":
            return None
    try:
        from pyspark import __version__
    except ImportError:
        return None
    return __version__
