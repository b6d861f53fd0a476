"""The Python in the README and in the docs runs, page by page, from top to bottom."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil.document import Document
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parents[1]
# what needs Spark is run by tests/spark
ELSEWHERE = {"driver.md", "spark.md"}
PAGES = [ROOT / "README.md", *sorted(page for page in ROOT.glob("docs/*.md") if page.name not in ELSEWHERE)]


# whole studies, on as many cores as there are
@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One test a page: its examples build on one another, and tests run in random order on several processes.
    monkeypatch.chdir(tmp_path)
    document = Document.parse(str(page), PythonCodeBlockParser(), SkipParser())
    document.namespace["__name__"] = "__main__"  # as in a reader's own script
    for example in document.examples():
        example.evaluate()
