"""A study that goes on notices that it is given other data."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trimma as tm
from trimma.data.digest import digest

pd = pytest.importorskip("pandas")


def frame() -> Any:
    return pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", None], "c": pd.date_range("2020", periods=3)})


def fit(data: Any, x: float = 0.0) -> float:
    return float(data["a"].sum()) + x


def ablate(data: Any, store: Path, **more: Any) -> tm.AblationStudy:
    given: dict[str, Any] = {"maximize": "score", "repeats": 2, "progress": False, "engine": tm.Driver(threads=1)}
    return tm.ablate(fit, tm.Columns("b", label="c"), data=data, store=store, name="study", **given | more)


OTHER = frame().assign(a=[1.0, 2.0, 3.5])


def test_other_data_are_noticed(tmp_path: Path) -> None:
    store = tmp_path / "studies.db"
    ablate(frame(), store)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ablate(frame(), store, resume=True, repeats=3)
        tm.load("study", store).resume(data=frame(), engine=tm.Driver(threads=1), progress=False)
    with pytest.warns(RuntimeWarning, match=r"data= isn't the data with which study 'study' was begun"):
        ablate(OTHER, store, resume=True, repeats=4)
    with pytest.warns(RuntimeWarning, match=r"data= isn't the data with which study 'study' was begun"):
        tm.load("study", store).resume(data=OTHER, engine=tm.Driver(threads=1), progress=False)


def kinds(folder: Path) -> list[tuple[Any, Any]]:
    """Pairs of data that differ in one value."""
    arrow, polars = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    (folder / "one").mkdir()
    (folder / "other").mkdir()
    for name, text in (("one", "a\n1\n"), ("other", "a\n2\n")):
        (folder / name / "table.csv").write_text(text)
    x = np.arange(6.0).reshape(3, 2)
    return [
        (frame(), OTHER),
        (frame()["a"], OTHER["a"]),
        (frame(), frame().rename(columns={"a": "z"})),
        (frame(), frame().astype({"a": "float32"})),
        (x, x + 1e-9),
        (x, x.astype("float32")),
        (x.astype(object), (x + 1).astype(object)),
        (arrow.table({"a": [1]}), arrow.table({"a": [2]})),
        (polars.DataFrame({"a": [1]}), polars.DataFrame({"a": [2]})),
        (polars.Series("a", [1]), polars.Series("a", [2])),
        ((x, [1, "a", None]), (x, [1, "b", None])),
        ({"train": frame(), "test": x}, {"train": OTHER, "test": x}),
        (folder / "one" / "table.csv", str(folder / "other" / "table.csv")),
        ("a text", "another"),
        (pd.DataFrame({"a": [[1]]}), pd.DataFrame({"a": [[2]]})),
    ]


def test_what_a_digest_tells(tmp_path: Path) -> None:
    for one, other in kinds(tmp_path):
        assert digest(one) == digest(one) != digest(other)
    assert digest(None) == ""


def test_a_digest_is_the_same_in_every_process() -> None:
    made = (
        "import pandas as pd; from trimma.data.digest import digest; print(digest("
        "{'x': pd.DataFrame({'a': [1.0, 2.0], 'b': ['x', None]})}))"
    )
    run = [subprocess.run([sys.executable, "-c", made], capture_output=True, text=True, check=True) for _ in range(2)]
    assert {each.stdout.strip() for each in run} == {digest({"x": pd.DataFrame({"a": [1.0, 2.0], "b": ["x", None]})})}
