"""What docs/architecture.md says of the code can be found there."""

from __future__ import annotations

import inspect
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from trimma import ports

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
# what somebody may want to add
ADDED = [
    "a searcher",
    "a scheduler",
    "an engine",
    "a store",
    "a kind of component",
    "a design",
    "an analysis",
    "a picture",
    "an observer",
    "a view",
    "a command of the command line",
    "a request",
    "an event",
    "a fact",
    "a command to engines",
]


@pytest.fixture(scope="module")
def picture() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "layers.py"))


def section(heading: str) -> str:
    """What stands below a heading, up to the next of its level."""
    _, found, rest = PAGE.partition(f"\n## {heading}\n")
    assert found, heading
    return rest.partition("\n## ")[0]


def table(text: str) -> list[list[str]]:
    """The cells of the first table in a text, without its header."""
    rows = [line.strip("|").split(" | ") for line in re.findall(r"^\|.*\|$", text, re.MULTILINE)]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def paths(text: str) -> list[str]:
    """What is quoted in a text and looks like a file or a folder."""
    return [each for each in quoted(text) if re.fullmatch(r"[\w./-]+(/|\.(py|md|toml|svg|jsonl))", each)]


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


def test_every_module_is_in_the_table_of_layers(picture: dict[str, Any]) -> None:
    text = section("Layers")
    told = [module for first, *_ in table(text) for module in quoted(first)]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = picture["layers"](project["tool"]["importlinter"]["contracts"])
    there = [module for layer in layers for module in layer if picture["is_there"](module)]
    assert sorted(told) == sorted(set(there) - {"__main__"})


def test_the_files_that_are_named_exist() -> None:
    named = paths(PAGE)
    assert len(named) > 100
    assert [path for path in named if not any((base / path).exists() for base in (ROOT, ROOT / "src/trimma"))] == []


def test_it_says_what_to_touch_to_add_something() -> None:
    rows = table(section("To add something"))
    assert [row[0] for row in rows] == ADDED
    for what, code, tests, docs in rows:
        assert paths(code), what
        assert any(path.startswith(("tests/", "testing/")) for path in paths(tests)), what
        assert any(path.startswith("docs/") for path in paths(docs)), what


@pytest.mark.parametrize("seam", ["Searcher", "Scheduler", "Engine", "Store", "Planner", "GivesUp"])
def test_the_seams_are_told_in_full(seam: str) -> None:
    protocol = getattr(ports, seam)
    members = {name for name in vars(protocol) if not name.startswith("_")}
    block = re.search(rf"^{seam} (.*\n(?: .*\n)*)", section("The seams"), re.MULTILINE)
    assert block is not None
    text = block[1]
    assert {name for name in members if re.search(rf"\b{name}\b", text)} == members
    for name, arguments in re.findall(r"\b(\w+)\(([\w, ]*)\)", text):
        taken = list(inspect.signature(getattr(protocol, name)).parameters)[1:]
        assert [each for each in arguments.split(", ") if each] == taken, name


def test_every_protocol_that_is_met_from_outside_is_a_seam_of_the_page() -> None:
    text = section("The seams")
    for name, value in vars(ports).items():
        if getattr(value, "_is_protocol", False) and value.__module__ == ports.__name__ and name != "Trials":
            assert name in text or name == "History", name


def test_the_history_has_what_is_said_of_it() -> None:
    named = {each.partition("(")[0] for each in re.findall(r"`history\.(\w+\(?)", PAGE)}
    assert named
    assert named <= set(vars(ports.History))
