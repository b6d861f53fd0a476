"""Studies on virtual time, the same each time, and a way to run a command on them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import trimma as tm
from trimma.cli import main

folder = str(Path(__file__).parents[1])  # makes `running`, which stands there, importable
if folder not in sys.path:
    sys.path.append(folder)

WIDTH = 160
Run = Callable[..., str]


def descent(rate, depth, trial, report):
    trial.log("depth", depth)
    if depth == 3 and rate > 0.5:
        raise ValueError("too deep")
    for step in range(1, 10):
        report(loss=(rate - 0.5) ** 2 + depth / step)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that holds a study of twelve trials."""
    path = tmp_path / "studies.db"
    tm.tune(
        descent,
        tm.Space(rate=tm.Float(0, 1), depth=tm.Int(1, 3)),
        minimize="loss",
        trials=12,
        scheduler=tm.Asha(max_steps=9),
        engine=tm.Simulated(3),
        seed=1,
        name="descent",
        store=path,
        progress=False,
    )
    return path


@pytest.fixture
def run(store: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the store; its output has the store's path taken out."""
    monkeypatch.setenv("TRIMMA_STORE", str(store))
    monkeypatch.setenv("COLUMNS", str(WIDTH))

    def run_(*arguments: object, status: int = 0, **options: Any) -> str:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="trimma", **options)
        assert result.exit_code == status, result.output
        text = result.output.replace(str(store), "STORE")
        return re.sub(r'File ".*/conftest.py", line \d+', 'File "conftest.py"', text)

    return run_
