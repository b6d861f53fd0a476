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


def nothing_of_others() -> None:
    """THIRD-PARTY.md says that the wheel bundles nothing."""
    files = [file for file in metadata.files("trimma") or () if "__pycache__" not in file.parts]
    ours = [file for file in files if file.suffix == ".py" or file.name == "py.typed"]
    rest = [file for file in files if file not in ours]
    assert len(ours) > 100, files
    assert [file for file in rest if ".dist-info" not in file.parts[0] and file.name != "trimma"] == []


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


def broken(x: float) -> float:
    raise ValueError("broken")


def a_failure_names_its_file() -> None:
    told = ""
    try:
        trimma.tune(broken, {"x": trimma.Grid(1)}, minimize="score", store="memory", workers=1, progress=False)
    except trimma.errors.StudyFailed as error:
        told = str(error)
    assert f'File "{Path(__file__).absolute()}", line' in told, told


def tables_and_pictures() -> None:
    engine = trimma.Simulated(2)
    study = trimma.tune(
        score, {"x": trimma.Float(-2, 2)}, maximize="score", trials=12, engine=engine, store="memory", progress=False
    )
    with tempfile.TemporaryDirectory() as folder:
        assert len(study.to_pandas()) == 12
        study.export(f"{folder}/trials.parquet")
        for picture in ("history", "parallel", "slices", "timeline", "importance"):
            for ending in ("html", "pdf"):
                getattr(study.plot, picture)(file=f"{folder}/{picture}.{ending}")


CHECKS: list[Callable[[], None]] = [
    installed_and_not_the_source_tree,
    version,
    typed,
    nothing_of_others,
    command_line,
    a_study_in_local_processes,
    a_failure_names_its_file,
    tables_and_pictures,
]

if __name__ == "__main__":
    for check in CHECKS:
        check()
        print("wheel:", check.__name__.replace("_", " "), "ok")
