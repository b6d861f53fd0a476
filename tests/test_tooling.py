"""What the project says of itself in one place agrees with what it says in another."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import trimma

ROOT = Path(__file__).parents[1]
STANDARD_INDEX = {"registry": "https://pypi.org/simple"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def locked() -> list[dict[str, Any]]:
    return tomllib.loads((ROOT / "uv.lock").read_text())["package"]


def test_one_version(project: dict[str, Any]) -> None:
    assert project["project"]["version"] == trimma.__version__


def test_typed() -> None:
    assert (ROOT / "src/trimma/py.typed").exists()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^ *`*make ([a-z]+)|`make ([a-z]+)", (ROOT / page).read_text(), re.MULTILINE))
    assert {first or second for first, second in named} <= targets


def test_lock_names_the_standard_index_alone(locked: list[dict[str, Any]]) -> None:
    assert [p["name"] for p in locked if p["source"] not in (STANDARD_INDEX, {"editable": "."})] == []


def test_lock_is_free_of_torch(locked: list[dict[str, Any]]) -> None:
    assert [p["name"] for p in locked if p["name"].startswith(("torch", "nvidia-"))] == []


def test_lock_knows_every_dependency(project: dict[str, Any], locked: list[dict[str, Any]]) -> None:
    """Whoever changes a dependency in pyproject.toml runs `tools/uv lock`; this needs no network to see it."""
    (ours,) = (p for p in locked if p["name"] == "trimma")

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requirements}

    extras = project["project"]["optional-dependencies"]
    published = names(project["project"]["dependencies"]).union(*map(names, extras.values()))
    assert {requirement["name"] for requirement in ours["metadata"]["requires-dist"]} == published

    def members(group: str) -> set[str]:
        entries = project["dependency-groups"][group]
        included = [members(entry["include-group"]) for entry in entries if isinstance(entry, dict)]
        return names([entry for entry in entries if isinstance(entry, str)]).union(*included)

    groups = {group: members(group) for group in project["dependency-groups"]}
    assert {group: {r["name"] for r in rs} for group, rs in ours["metadata"]["requires-dev"].items()} == groups


def test_each_requirement_names_the_oldest_version(project: dict[str, Any]) -> None:
    """tools/test-wheel installs these, and so shows that they are enough."""
    extras = [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    published = [each for each in [*project["project"]["dependencies"], *extras] if not each.startswith("trimma[")]
    assert published
    assert [each for each in published if not re.fullmatch(r"[a-z0-9_-]+>=\d+(\.\d+)*", each)] == []
    tested = (ROOT / "tools/test-wheel").read_text()
    assert "lowest-direct" in tested


def test_what_comes_from_others_is_listed(project: dict[str, Any]) -> None:
    needed = {re.split("[^a-z0-9]", each)[0] for each in project["project"]["dependencies"]}
    listed = re.findall(r"^\| ([a-z]+) \| [A-Z]", (ROOT / "THIRD-PARTY.md").read_text(), re.MULTILINE)
    assert listed == sorted(needed)


def test_lines_of_the_changelog_are_no_wider_than_120_and_none_is_there_twice() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120] == []
    points = [line for line in lines if line.startswith("- ")]
    assert len(points) == len(set(points))
