"""The page about objectives that use a cluster themselves: its example runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sybil.document import Document
from sybil.parsers.myst import PythonCodeBlockParser

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("spark-local"), pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs" / "driver.md"


@pytest.mark.filterwarnings("ignore:The distutils package is deprecated:DeprecationWarning")  # pyspark.ml 3.5
def test_a_pipeline_is_tuned_and_stopped_early(
    local: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    document = Document.parse(str(PAGE), PythonCodeBlockParser())
    document.namespace["__name__"] = "__main__"
    for example in document.examples():
        example.evaluate()
    study, model = document.namespace["study"], document.namespace["model"]
    assert study.status == "finished"
    assert len(study.trials) == 8
    assert study.best.value > 0.95
    assert study.history.counts["failed"] == 0
    assert any(0 < len(trial.curve) < 3 for trial in study.trials), "some were stopped before their last fold"
    assert model.stages[-1].getNumTrees == study.best.config["trees"]
