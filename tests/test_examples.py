"""The scripts of examples/ run, with few and short trainings."""

from __future__ import annotations

import importlib.util
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trimma as tm

# filters of warnings hold at workers, too, where some models don't converge without what is left out
pytestmark = pytest.mark.filterwarnings("default:lbfgs failed to converge")

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the ``main`` of a script in an empty folder, and looks at the page that it writes."""

    def run(script: str, **settings: Any) -> Any:
        monkeypatch.chdir(tmp_path)
        study = runpy.run_path(str(EXAMPLES / script))["main"](workers=2, report="report.html", **settings)
        assert "<!doctype html>" in Path("report.html").read_text(encoding="utf-8")[:100]
        assert {trial.state.value for trial in study.trials} == {"done"}
        return study

    return run


def names(study: tm.AblationStudy) -> set[str]:
    return {effect.name for effect in study.effects.effects}


def test_all_are_listed() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"({script.name})" in listed for script in EXAMPLES.glob("*.py"))


def test_titanic(run: Callable[..., Any]) -> None:
    data = runpy.run_path(str(EXAMPLES / "titanic.py"))["PLACE"]
    if not data.exists():
        pytest.skip(f"there is no {data}")  # not a service: it may be absent in CI, too
    study = run("titanic.py", repeats=3)
    assert names(study) == {
        "Pclass", "Sex", "Age", "Fare", "Embarked", "family", "prepare__numbers__scale", "interact",
    }  # fmt: skip
    assert study.table()["component"][0] == "Sex"


def test_titanic_without_its_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "titanic.csv"
    assert runpy.run_path(str(EXAMPLES / "titanic.py"))["main"](file=nowhere) is None
    assert capsys.readouterr().out == f"titanic.py: there is no {nowhere}: give the path of titanic.csv\n"


def test_pipeline(run: Callable[..., Any]) -> None:
    study = run("pipeline.py", repeats=3)
    assert names(study) == {"means", "errors", "worst", "scale", "shorten"}
    (strongest, effect), *_ = sorted(study.findings.pairs, key=lambda pair: -abs(pair[1].difference))
    assert strongest == ("means", "worst")
    assert effect.difference > 0


@pytest.mark.xdist_group("torch")
def test_digits_torch(run: Callable[..., Any]) -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed: see tools/install-torch")
    study = run("digits_torch.py", repeats=1, epochs=1)
    assert names(study) == {"pool", "drop", "block3", "normalisation", "augment", "decay"}


def test_explain_winner(run: Callable[..., Any]) -> None:
    study = run("explain_winner.py", trials=10, repeats=2)
    assert names(study) <= {"penalty", "width", "components", "scale"}
    assert study.history.spec.asked["analysis"] == "path"
