"""Plans of analysis: found by name, here and in other processes, or it is said what is missing."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import trimma as tm
from trimma import registry
from trimma.ablation.analyses import AnalysisPlan, plan_named, plan_of
from trimma.ablation.analyses.by_contrasts import CONTRASTS, estimate
from trimma.ablation.designs import LeaveOneOut
from trimma.cli import main
from trimma.errors import StudyError, UnknownName, UsageError

OWN = AnalysisPlan(name="own", estimate=estimate)


class Bringing:
    """A design of which only the analysis is looked at."""

    def __init__(self, analysis: Any) -> None:
        self.analysis = analysis

    def __repr__(self) -> str:
        return "Bringing()"


@pytest.mark.parametrize("name", ["contrasts", "interactions", "main-effects", "one-in", "path", "shapley"])
def test_each_of_ours_is_found_by_the_name_that_it_has(name: str) -> None:
    assert name in registry.names("analysis")
    assert plan_named(name).name == name


def test_a_design_names_its_plan_or_brings_it() -> None:
    assert plan_of(LeaveOneOut()) is plan_of(Bringing(CONTRASTS)) is CONTRASTS


def test_a_plan_of_an_installed_package_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(*, group: str, name: str = "own") -> list[EntryPoint]:
        known = [EntryPoint("own", f"{__name__}:OWN", "trimma.analyses")]
        return [point for point in known if (group, name) == (point.group, point.name)]

    monkeypatch.setattr(registry, "entry_points", points)
    assert plan_of(Bringing(OWN)) is plan_of(Bringing("own")) is plan_named("own") is OWN


@pytest.mark.parametrize(
    ("analysis", "error", "told"),
    [
        ("contrast", UnknownName, "did you mean 'contrasts'"),
        (OWN, UsageError, r"can't be found again by its name 'own'.*\"package.module:NAME\""),
        (AnalysisPlan(name="no.such:PLAN", estimate=estimate), UsageError, "can't be imported .No module named 'no'"),
        (AnalysisPlan(name="math:pi", estimate=estimate), UsageError, "can't be found again by its name 'math:pi'"),
        (None, UsageError, "the name of one, or an AnalysisPlan, not None"),
    ],
)
def test_a_plan_that_could_not_be_found_again_is_refused(analysis: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        plan_of(Bringing(analysis))


@pytest.mark.parametrize("name", ["gone", "no.such:PLAN", "math:PLAN", "math:pi"])
def test_a_stored_plan_that_is_missing_is_told(name: str) -> None:
    with pytest.raises(StudyError, match=f"the ablation was made with the analysis {name!r}, which .* here"):
        plan_named(name)


MODULE = """
from dataclasses import dataclass

from trimma.ablation.analyses import AnalysisPlan
from trimma.ablation.analyses.by_contrasts import estimate
from trimma.ablation.designs import LeaveOneOut

LOUD = AnalysisPlan(name="loud:LOUD", estimate=estimate, words=", said loudly")


@dataclass(frozen=True)
class Loud(LeaveOneOut):
    analysis = LOUD
"""

MAKE = """
import loud
import trimma as tm

tm.ablate(lambda x=1.0, y=2.0: x + y, tm.Setting(x=0.0, y=0.0), maximize="sum", repeats=2, design=loud.Loud(),
          engine="simulated", name="loud", store="studies.db", progress=False)
"""

LOOK = 'import trimma as tm; print(tm.load("loud", store="studies.db"))'


def python(code: str, folder: Path, *, isolated: bool = False) -> "subprocess.CompletedProcess[str]":
    # isolated: without the folder among what can be imported
    flags = ["-P"] if isolated else []
    return subprocess.run([sys.executable, *flags, "-c", code], cwd=folder, capture_output=True, text=True)


def test_a_plan_of_a_module_is_found_in_another_process_or_it_is_said_how_to_mend_that(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(MODULE)
    assert python(MAKE, tmp_path).returncode == 0
    assert "Change in sum when left out, said loudly" in python(LOOK, tmp_path).stdout
    told = python(LOOK, tmp_path, isolated=True).stderr
    assert "StudyError: the ablation was made with the analysis 'loud:LOUD', which can't be had here" in told
    assert "No module named 'loud'" in told
    assert "start Python where its module can be imported" in told
    study = tm.load("loud", store=tmp_path / "studies.db")
    assert isinstance(study, tm.AblationStudy)
    assert len(study.trials) == 6
    with pytest.raises(StudyError, match="'loud:LOUD'"):
        _ = study.effects
    listed = subprocess.run(
        [sys.executable, "-P", "-m", "trimma", "ls", "--store", "studies.db"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "can't be told here" in listed.stdout
    assert "its analysis can't be had here" in repr(study)


def test_a_plan_that_raises_is_told_in_one_line_and_keeps_no_study_from_being_listed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def raising(*_: Any) -> Any:
        raise ZeroDivisionError("no repeats to divide by")

    path = tmp_path / "studies.db"
    study = tm.ablate(
        lambda x=1.0, y=2.0: x + y,
        tm.Setting(x=0.0, y=0.0),
        maximize="sum",
        repeats=2,
        engine="simulated",
        name="raises",
        store=path,
        progress=False,
    )
    broken = AnalysisPlan(name="contrasts", estimate=raising)
    monkeypatch.setattr("trimma.ablation.findings.estimated.plan_named", lambda name: broken)
    with pytest.raises(
        StudyError, match="analysis 'contrasts' of study 'raises' has failed: ZeroDivisionError: no repeats"
    ):
        _ = study.effects
    assert "its analysis can't be had here" in repr(study)
    listed = CliRunner().invoke(main, ["ls", "--store", str(path)])
    assert (listed.exit_code, "can't be told here" in listed.output) == (0, True)
    shown = CliRunner().invoke(main, ["show", "raises", "--store", str(path)])
    assert (shown.exit_code, shown.output.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "__main__:PLAN"}, "must stand in a module of its own"),
        ({"name": "own", "pictures": ("forrest",)}, "no pictures .'forrest'.; there are forest"),
    ],
)
def test_a_plan_that_could_not_be_shown_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        AnalysisPlan(estimate=estimate, **given)
