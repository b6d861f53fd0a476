"""What must work where only the built wheel is installed. Run by tools/test-wheel; grows by one function a promise."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata, resources
from pathlib import Path

import trimma


def installed_and_not_the_source_tree() -> None:
    assert Path(sys.prefix) in Path(trimma.__file__).parents, trimma.__file__


def version() -> None:
    assert trimma.__version__ == metadata.version("trimma")


def typed() -> None:
    assert resources.files("trimma").joinpath("py.typed").is_file()


def command_line() -> None:
    command = Path(sys.executable).with_name("trimma")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert trimma.__version__ in done.stdout, done.stdout


def score(x: float) -> float:
    return -((x - 1.0) ** 2)


def a_study_in_local_processes() -> None:
    with tempfile.TemporaryDirectory() as folder:
        space = trimma.Space(x=trimma.Float(-2.0, 2.0))
        study = trimma.tune(
            score, space, maximize="score", trials=4, workers=2, seed=1, store=f"{folder}/studies.db", progress=False
        )
        assert len(study.trials) == 4
        assert -2.0 <= study.best.config["x"] <= 2.0


CHECKS: list[Callable[[], None]] = [
    installed_and_not_the_source_tree,
    version,
    typed,
    command_line,
    a_study_in_local_processes,
]

if __name__ == "__main__":
    for check in CHECKS:
        check()
        print("wheel:", check.__name__.replace("_", " "), "ok")
