"""What docs/architecture.md says of the code can be found there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def picture() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "layers.py"))


def test_the_picture_of_the_layers_is_up_to_date(picture: dict[str, Any]) -> None:
    drawn = picture["PICTURE"].read_text(encoding="utf-8")
    assert drawn == picture["drawn"](), "run: tools/uv run python docs/layers.py"
    assert f"](images/{picture['PICTURE'].name})" in PAGE


def test_the_picture_has_every_module(picture: dict[str, Any]) -> None:
    drawn = picture["drawn"]()
    for module in (ROOT / "src" / "trimma").iterdir():
        if module.stem not in ("__init__", "__pycache__", "py"):
            assert f">{module.stem}</text>" in drawn
    assert {"core", "ports", "search"} <= set(re.findall(r'class="pure".*\n<text[^>]*>(\w+)<', drawn))
    assert {"engines", "loop", "clock"} <= set(re.findall(r'class="box".*\n<text[^>]*>(\w+)<', drawn))
