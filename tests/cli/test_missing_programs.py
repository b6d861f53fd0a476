"""What is missing on a machine is told in one line that says what to install."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import trimma as tm

# an entry of the path that hides a package from all that look for it
HIDING = """
import importlib.machinery as machinery

found = machinery.PathFinder.find_spec
machinery.PathFinder.find_spec = classmethod(
    lambda kind, name, *rest: None if name.partition(".")[0] == {package!r} else found(name, *rest)
)
"""


def fit(x: float) -> float:
    return x


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "studies.db"
    for name, objective in (("mine", fit), ("other", lambda x: x)):
        how = {"store": path, "name": name, "progress": False, "engine": tm.Simulated(2)}
        tm.tune(objective, {"x": tm.Float(0, 1)}, minimize="loss", trials=12, **how)
    tm.ablate(
        lambda x, seed: x + seed % 97,
        tm.Setting(x=0.5),
        config={"x": 0.1},
        minimize="loss",
        repeats=3,
        name="parts",
        store=path,
        progress=False,
        engine=tm.Simulated(2),
    )
    return path


def told(store: Path, *words: str, **environment: str) -> tuple[int, str]:
    """The exit status of a command, and what it says."""
    variables: Mapping[str, str] = {**os.environ, "TRIMMA_STORE": str(store), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "trimma", *words],
        cwd=store.parent,
        env={name: value for name, value in variables.items() if value},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    return done.returncode, done.stderr + done.stdout


@pytest.mark.parametrize(
    ("home", "path", "why"),
    [
        ("", "/nowhere", r"(none on the PATH, and no JAVA_HOME): install Java 17 or later"),
        ("/nowhere", None, r"(JAVA_HOME is /nowhere, where there is no bin/java): correct JAVA_HOME, or unset it"),
    ],
)
def test_spark_without_java(store: Path, home: str, path: str | None, why: str) -> None:
    pytest.importorskip("pyspark")
    variables = {"JAVA_HOME": home, "PATH": path or os.environ["PATH"], "SPARK_REMOTE": "", "PYSPARK_GATEWAY_PORT": ""}
    status, said = told(store, "resume", "mine", "--trials", "13", "--engine", "spark", **variables)
    assert status == 1
    assert said.startswith(f"trimma: engine='spark' needs Java {why}"), said
    assert said.count("\n") == 1, said


@pytest.mark.parametrize(
    ("package", "words", "install"),
    [
        ("plotly", "plot mine curves c.html", "a plot as .html needs plotly: pip install 'trimma[plot]'"),
        ("plotly", "report parts r.html", "an interactive plot needs plotly: pip install 'trimma[plot]'"),
        ("matplotlib", "plot mine curves c.pdf", "needs matplotlib: pip install 'trimma[image]'"),
        ("matplotlib", "plot parts forest c.png", "needs matplotlib: pip install 'trimma[image]'"),
        ("pyarrow", "export mine e.parquet", "export to parquet needs pyarrow: pip install 'trimma[parquet]'"),
        ("distributed", "resume mine --trials 13 --engine dask", "engine='dask' needs distributed: pip install"),
        ("pyspark", "resume mine --trials 13 --engine spark", "engine='spark' needs pyspark: pip install"),
        ("sklearn", "demo --trials 1 --workers 1", "the demo needs scikit-learn: pip install 'trimma[sklearn]'"),
    ],
)
def test_a_package_that_is_missing(store: Path, package: str, words: str, install: str) -> None:
    (store.parent / "hiding").mkdir()
    (store.parent / "hiding" / "sitecustomize.py").write_text(HIDING.format(package=package))
    path = os.pathsep.join(filter(None, [str(store.parent / "hiding"), os.environ.get("PYTHONPATH", "")]))
    status, said = told(store, *words.split(), PYTHONPATH=path)
    assert status == 1
    assert said.startswith("trimma: "), said
    assert install in said
    assert said.count("\n") == 1, said
