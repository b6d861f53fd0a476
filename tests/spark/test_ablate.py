"""An ablation on Spark: the same trainings as anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import trimma as tm

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def fit(a: bool = True, b: bool = True, seed: int = 0, split: int = 0) -> float:
    return 10 * a + split % 97 / 10 + seed % 89 / 1000


def ablate(engine: Any) -> tm.AblationStudy:
    return tm.ablate(
        fit,
        tm.Setting(a=False, b=False),
        maximize="score",
        repeats=4,
        engine=engine,
        store="memory",
        progress=False,
        seed=3,
    )


@pytest.mark.xdist_group("spark-local")
def test_an_ablation_on_spark_finds_what_one_anywhere_finds(local: SparkSession) -> None:
    there, here = ablate(tm.Spark(local, workers=2)), ablate(tm.Simulated(2))
    assert there.effects == here.effects
    assert [str(effect.conclusion) for effect in there.effects.effects] == ["helps", "undecided"]
