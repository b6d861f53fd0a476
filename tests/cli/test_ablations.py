"""Ablations from the command line."""

import re
from pathlib import Path

import pytest

import trimma as tm


def fit(a: bool = True, b: bool = True, seed: int = 0, split: int = 0) -> float:
    return 10 * a + split % 97 / 10 + seed % 89 / 1000


@pytest.fixture
def ablated(store: Path) -> str:
    tm.ablate(
        fit,
        tm.Setting(a=False, b=False),
        maximize="score",
        repeats=2,
        seed=1,
        name="parts",
        store=store,
        engine=tm.Simulated(2),
        progress=False,
    )
    return "parts"


def test_show(run, ablated: str) -> None:
    said = run("show", ablated)
    assert "a" in said
    assert "helps" in said


def test_list(run, ablated: str) -> None:
    assert re.search(r"^parts +finished +6/6 +1/2 decided +maximize='score'", run("ls"), re.MULTILINE)


@pytest.mark.parametrize(("suffix", "begins"), [("html", "<!doctype html>"), ("md", "|"), ("tex", "\\begin{table}")])
def test_report(run, ablated: str, tmp_path: Path, suffix: str, begins: str) -> None:
    file = tmp_path / f"report.{suffix}"
    assert run("report", ablated, file) == f"wrote {file}\n"
    assert begins in file.read_text().lower()


def test_a_report_in_no_known_form(run, ablated: str, tmp_path: Path) -> None:
    said = run("report", ablated, tmp_path / "report.htm", status=1)
    assert "did you mean '.html'?" in said


def test_a_search_has_no_report(run, store: Path, tmp_path: Path) -> None:
    said = run("report", "descent", tmp_path / "report.html", status=1)
    assert said.startswith("trimma: study 'descent' is a search, of which there is no report")


def test_resume_for_more_repeats(run, ablated: str, store: Path) -> None:
    run("resume", ablated, "--repeats", 3, "--engine", "simulated")
    assert len(tm.load(ablated, store).trials) == 9
    said = run("resume", ablated, "--engine", "simulated")
    assert said.endswith("There was nothing left to run; to run more, say how many repeats in all with --repeats.\n")


def test_a_search_has_no_repeats(run, store: Path) -> None:
    assert "is no ablation" in run("resume", "descent", "--repeats", 3, status=1)
