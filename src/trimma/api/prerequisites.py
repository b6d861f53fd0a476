"""What can be installed beside Trimma: Java, and optional packages."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from trimma.api.finding import Finding

_EXTRAS = {
    "plotly": ("plot", "pictures of a study"),
    "pandas": ("pandas", "to_pandas()"),
    "pyarrow": ("parquet", "export to Parquet"),
    "scipy": ("scipy", "quasi-random search"),
    "scikit-learn": ("sklearn", "the demo"),
    "distributed": ("dask", "engine='dask'"),
    "pyspark": ("spark", "engine='spark'"),
}
_ENGINES = {"distributed": "dask", "pyspark": "spark"}
_OLDEST_JAVA = 17
_OLDEST_SPARK = (3, 5)
_SECONDS = 30.0


def java(engine: Any) -> Iterator[Finding]:
    """The Java that Spark would take; it must be there when ``engine`` is Spark by name."""
    wanted = engine == "spark" and "SPARK_REMOTE" not in os.environ
    detail, advice = _java_of(os.environ.get("JAVA_HOME"))
    if not advice:
        yield Finding(what="Java", state="ok", detail=detail)
        return
    yield Finding(
        what="Java",
        state="wrong" if wanted else "missing",
        detail=f"{detail}; for engine='spark', unless Spark runs elsewhere",
        advice=advice,
    )


def _java_of(home: str | None) -> tuple[str, str]:
    """The Java that Spark would take, and what to do when it can't."""
    get = f"install Java {_OLDEST_JAVA} or later (apt install openjdk-17-jre-headless, brew install openjdk@17)"
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        if home:
            return f"JAVA_HOME is {home}, where there is no bin/java", "correct JAVA_HOME, or unset it"
        return "none on the PATH, and no JAVA_HOME", f"{get}, or name one with JAVA_HOME"
    try:
        told = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{found} doesn't run: {error}", get
    number = re.search(r'version "((?:1\.)?(\d+)[^"]*)"', told.stderr)
    if number is None:
        return f"{found} doesn't say its version", get
    if int(number[2]) < _OLDEST_JAVA:
        return f"{number[1]}, {found}, is too old", get
    return f"{number[1]}, {found}", ""


def extras(engine: Any) -> Iterator[Finding]:
    """The optional packages, and that engines are not tried when ``engine`` is None."""
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
            untried = f" (not tried; to try it: trimma doctor --engine {name})" if name and engine is None else ""
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
