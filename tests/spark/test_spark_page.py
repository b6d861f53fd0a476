"""The page for users of Spark: its examples run, on the session that is active."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sybil.document import Document
from sybil.parsers.myst import PythonCodeBlockParser

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.xdist_group("spark-local"), pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs" / "spark.md"


def test_its_examples_run(
    local: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGION", "taken back after the test")
    document = Document.parse(str(PAGE), PythonCodeBlockParser())
    document.namespace["__name__"] = "__main__"
    for example in document.examples():
        example.evaluate()
    assert "✓ workers      2 of 2 workers ran a trial" in capsys.readouterr().out
    assert local.range(3).count() == 3, "the session stays"
