"""A few runs of the chaos suite, as many as a test may take; `make chaos` makes more of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.plan import FAULTS, draw
from chaos.results import Result, table
from chaos.run import run

SEED = 7


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("engine", ["local", "driver", "agents"])
def test_a_short_walk(engine: str, tmp_path: Path) -> None:
    results = [run(draw(engine, SEED, number), tmp_path) for number in range(6)]
    assert [(str(each), each.violations, each.again) for each in results if each.violations] == []
    assert any(each.faults for each in results)


def test_a_seed_gives_the_same_plan() -> None:
    for engine, kinds in FAULTS.items():
        plans = [draw(engine, SEED, number) for number in range(300)]
        assert plans == [draw(engine, SEED, number) for number in range(300)]
        assert {kind for plan in plans for kind in plan.kinds} == set(kinds), "each fault comes"
        assert plans[0] != draw(engine, SEED + 1, 0)


def test_the_table_counts_runs_and_violations() -> None:
    def result(engine: str, number: int, *faults: str, violations: int = 0) -> Result:
        wrong = ["it is wrong"] * violations
        return Result(
            engine=engine,
            seed=1,
            number=number,
            question="asha",
            sessions=1,
            faults=list(faults),
            violations=wrong,
            seconds=1.0,
        )

    lines = table(
        [
            result("driver", 0, "ctrl-C", "ctrl-C"),
            result("local", 0, "kill runner", "ctrl-C"),
            result("local", 1, "kill runner", violations=2),
            result("local", 2),
        ]
    ).splitlines()
    assert lines[0] == "| what happens | local | driver |"
    assert lines[2] == "| **all runs** | 3, **1 with a violation** | 1 |"
    assert "| ctrl-C | 1 | 1 |" in lines
    assert "| kill runner | 2, **1 with a violation** | - |" in lines
    assert "| full disk | 0 | 0 |" in lines
