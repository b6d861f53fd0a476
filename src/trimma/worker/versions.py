"""Compares the versions of Python and packages at the driver and here, where a program is unpickled."""

import platform
import sys
from importlib.util import find_spec

import msgspec

from trimma.errors import EngineError, ObjectiveError
from trimma.objective import failure_of

_TRACKED = {
    "cloudpickle": "cloudpickle",
    "numpy": "numpy",
    "pandas": "pandas",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "scikit-learn": "sklearn",
    "torch": "torch",
    "trimma": "trimma",
}
"""Packages whose objects are often pickled, and often can't be unpickled with another version of the package."""


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of a driver's Python, and of the packages that it has loaded."""

    python: str
    packages: dict[str, str]


def versions_here() -> Versions:
    """The versions that this process runs."""
    loaded = (package for package, module in _TRACKED.items() if module in sys.modules)
    return Versions(
        python=platform.python_version(),
        packages={package: found for package in loaded if (found := _version(package))},
    )


def refuse_other_python(driver: Versions) -> None:
    """Raise `EngineError` unless driver and worker run the same minor version of Python."""
    ours, theirs = platform.python_version(), driver.python
    if ours.split(".")[:2] != theirs.split(".")[:2]:
        raise EngineError(
            f"the driver runs Python {theirs}, but the worker on {platform.node()} runs Python {ours} "
            f"({sys.executable}), and functions can't travel between them: run both with the same minor version "
            "(on Spark, PYSPARK_PYTHON names the workers' Python)"
        )


def explained(error: Exception, driver: Versions) -> ObjectiveError:
    """The error that says why unpickling failed here and what to do, as far as versions and missing modules tell."""
    here = f"on {platform.node()} ({sys.executable})"
    if isinstance(error, ModuleNotFoundError) and error.name and not _present(error.name.partition(".")[0]):
        root = error.name.partition(".")[0]
        return ObjectiveError(
            f"it needs the module {root!r}, which isn't installed {here}: install it there. Only what isn't installed "
            "at the driver either, such as a file beside your script, travels with the objective"
        )
    if "BROADCAST_VARIABLE_NOT_LOADED" in str(error):
        return ObjectiveError(
            "it holds a broadcast variable of Spark, which only Spark's own tasks can read: pass its value as data=, "
            "which travels to each machine once and is shared by its workers, and take it from the argument 'data'"
        )
    told = str(failure_of(error, __file__))
    if other := _differences(driver):
        told += f". The versions differ: {other} {here}; with the same ones it may load"
    return ObjectiveError(told)


def _differences(driver: Versions) -> str:
    found = {package: _version(package) or "none" for package in driver.packages}
    return ", ".join(
        f"{package} is {theirs} at the driver and {found[package]}"
        for package, theirs in driver.packages.items()
        if found[package] != theirs
    )


def _present(root: str) -> bool:
    try:
        return find_spec(root) is not None
    except ValueError:
        # a module that was made by hand has no spec, but exists
        return True


def _version(package: str) -> str | None:
    # takes a while, and a worker that can load its program needs none of it
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None
