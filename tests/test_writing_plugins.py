"""The plug-ins of docs/writing-plugins.md pass the contract suites that the page gives them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from sybil.document import Document
from sybil.parsers.myst import PythonCodeBlockParser

PAGE = Path(__file__).parents[1] / "docs" / "writing-plugins.md"


def suites() -> dict[str, Any]:
    document = Document.parse(str(PAGE), PythonCodeBlockParser())
    for example in document.examples():
        example.evaluate()
    # the page's own name for the package that its reader writes
    package = sys.modules["my_package"] = ModuleType("my_package")
    vars(package).update(document.namespace)
    return {name: value for name, value in document.namespace.items() if name.startswith("Test")}


globals().update(suites())
