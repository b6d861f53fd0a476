"""The plug-ins of docs/writing-plugins.md pass the contract suites that the page gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sybil.document import Document
from sybil.parsers.myst import PythonCodeBlockParser

PAGE = Path(__file__).parents[1] / "docs" / "writing-plugins.md"


def suites() -> dict[str, Any]:
    document = Document.parse(str(PAGE), PythonCodeBlockParser())
    for example in document.examples():
        example.evaluate()
    return {name: value for name, value in document.namespace.items() if name.startswith("Test")}


globals().update(suites())
