"""The benchmarks compute what they claim, and each has the shape that the page and `make bench` rely on."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import math
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
HELPERS = {"ablation_truth", "crowd", "harness", "run", "sessions"}
FILES = sorted(path for path in FOLDER.glob("*.py") if path.stem not in HELPERS)
KEYS = {"what", "ours", "peer", "peer_value", "unit", "ratio", "spread", "goal", "met"}

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the source distribution has no benchmarks")


def module(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    for stem in (*HELPERS, *(path.stem for path in FILES)):
        monkeypatch.delitem(sys.modules, stem, raising=False)
    found = importlib.import_module(name)
    for stem in ("harness", name):
        monkeypatch.delitem(sys.modules, stem, raising=False)
    return found


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Any:
    return module("harness", monkeypatch)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    return module("run", monkeypatch)


def test_ratio_is_of_medians_and_spread_of_pairs(harness: Any) -> None:
    claim = harness.Claim(
        what="x", unit="s", ours=[10, 30, 20], peer="p", theirs=[5, 2, 1], goal=harness.Goal(bound=10, at="least")
    )
    assert claim.ratio == 20 / 2
    assert claim.spread == (2, 20)
    assert claim.met is True


@pytest.mark.parametrize(
    ("at", "below", "equal", "over"),
    [
        ("least", False, True, True),
        ("above", False, False, True),
        ("most", True, True, False),
        ("below", True, False, False),
    ],
)
def test_goal(harness: Any, at: str, below: bool, equal: bool, over: bool) -> None:
    goal = harness.Goal(bound=2, at=at)
    assert [goal.met(value) for value in (1, 2, 3, math.nan)] == [below, equal, over, False]


def test_without_a_peer_the_value_is_held_against_the_goal(harness: Any) -> None:
    claim = harness.Claim(what="x", unit="ms", ours=[1, 9, 4], goal=harness.Goal(bound=4, at="below"))
    assert claim.row() == {
        "what": "x",
        "ours": 4,
        "peer": None,
        "peer_value": None,
        "unit": "ms",
        "ratio": None,
        "spread": [1, 9],
        "goal": "below 4 ms",
        "met": False,
    }


def test_a_missing_peer_is_neither_met_nor_missed(harness: Any) -> None:
    claim = harness.Claim(
        what="x", unit="s", ours=[1], peer="p", goal=harness.Goal(bound=1, at="least"), missing="no module p"
    )
    assert (claim.ratio, claim.spread, claim.met) == (None, None, None)
    report = harness.Report(claims=[claim]).plain("b")
    assert report["settings"]["not_run"] == {"p": "no module p"}
    (_, row) = harness.rows_of(report)
    assert row[2] == "p: not run (no module p)"
    assert row[-1] == "not run"


def test_report_has_exactly_the_agreed_keys(harness: Any) -> None:
    claim = harness.Claim(what="x", unit="s", ours=[1.0], peer="p", theirs=[2.0])
    plain = json.loads(json.dumps(harness.Report(claims=[claim], settings={"rounds": 1}).plain("b")))
    assert set(plain) == {"benchmark", "claims", "settings", "samples"}
    assert set(plain["claims"][0]) == KEYS
    assert plain["samples"] == {"x, against p": {"ours": [1.0], "peer": [2.0]}}


def test_contenders_take_turns(harness: Any) -> None:
    calls: list[str] = []

    def failing() -> None:
        calls.append("c")
        raise harness.PartFailed("no module c")

    samples, failed = harness.in_turns(
        3, {"a": lambda: calls.append("a"), "b": lambda: calls.append("b"), "c": failing}
    )
    assert "".join(calls) == "abc" + "ba" + "ab"
    assert {name: len(each) for name, each in samples.items()} == {"a": 3, "b": 3, "c": 0}
    assert failed == {"c": "no module c"}


def test_our_own_failure_ends_the_benchmark(harness: Any) -> None:
    def failing() -> None:
        raise harness.PartFailed("broken")

    with pytest.raises(harness.PartFailed, match="broken"):
        harness.in_turns(1, {harness.OURS: failing})


def test_quantile(harness: Any) -> None:
    values = list(range(100, 0, -1))
    assert [harness.quantile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert math.isnan(harness.quantile([], 0.5))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0"), (1234.5, "1,234"), (99.44, "99.4"), (1.5, "1.5"), (0.01234, "0.0123"), (math.inf, "inf")],
)
def test_figure(harness: Any, value: float | None, text: str) -> None:
    assert harness.figure(value) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_benchmark_asks_a_question(path: Path, harness: Any) -> None:
    assert harness.question(path).endswith("?")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_benchmark_can_be_loaded_without_its_peers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for peer in ("hyperopt", "joblib", "joblibspark", "optuna", "pyspark", "ray"):
        monkeypatch.setitem(sys.modules, peer, None)
    assert list(inspect.signature(module(path.stem, monkeypatch).measure).parameters) == ["quick"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_figure_is_typed(path: Path) -> None:
    """What is measured, and whether a goal is met, comes from samples."""
    keywords = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.keyword)]
    typed = [key.arg for key in keywords if key.arg in {"ours", "theirs"} and isinstance(key.value, ast.Constant)]
    assert typed == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_benchmark_has_its_place_on_the_page(path: Path, run: Any, harness: Any) -> None:
    page = (ROOT / "docs/benchmarks.md").read_text()
    assert run.rewritten(page, path.stem, "?", "new").count(f"<!-- {path.stem}: begin") == 1
    assert f"## {harness.question(path)}" in page


def test_rewriting_touches_one_section(run: Any) -> None:
    page = run.rewritten(run.rewritten("# Page\n", "a", "A?", "one"), "b", "B?", "two")
    assert run.rewritten(page, "a", "A?", "three") == page.replace("one", "three")


def test_a_section_is_a_table(run: Any, harness: Any) -> None:
    settings = {"quick": True, "machine": harness.machine(), "versions": {"trimma": "0"}}
    claim = harness.Claim(what="x", unit="s", ours=[1], goal=harness.Goal(bound=2, at="above"))
    text = run.section(harness.Report(claims=[claim], settings=settings).plain("b"), "", "2000-01-01")
    assert "| x | 1 s | - | - | 1 to 1 | above 2 s | missed |" in text.splitlines()
    assert run.section(None, "no such thing", "2000-01-01") == "Did not run on 2000-01-01: no such thing"


def test_help_costs_nothing() -> None:
    for path in FILES:
        command = [sys.executable, str(path), "--help"]
        assert "--quick" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_simulated_agents_run_trials_and_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = module("spark_dispatch", monkeypatch).many_agents(count=8, seconds=1.0)
    assert found["sent"] >= 8
    assert (found["lost"], found["repeated"]) == (0, 0)
    assert found["share"] > 0


@pytest.mark.parametrize("name", ["runner_killed", "driver_killed"])
def test_recovery_is_timed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recovery = module("recovery", monkeypatch)
    took = {"runner_killed": lambda: recovery.runner_killed(recovery.LOCAL, 2), "driver_killed": recovery.driver_killed}
    seconds = took[name]()
    assert all(0 < each < recovery.PATIENCE for each in (seconds if isinstance(seconds, list) else [seconds]))


def test_what_goes_beyond_a_peer_is_its_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    recovery = module("recovery", monkeypatch)
    pair, middle, most = recovery._beyond("x", [3.0, 4.0, 9.0], "p", [1.0, 1.0, 1.0], 5)
    assert pair.ratio == 4
    assert (list(middle.ours), list(most.ours)) == ([2.0, 3.0, 8.0], [8.0])
    assert (middle.met, most.met) == (True, False)
