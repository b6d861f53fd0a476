"""The help texts in docs/cli.md are those of the commands."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from trimma.cli import main

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    refreshed = runpy.run_path(str(DOCS / "command_line.py"))["refreshed"](page)
    assert page == refreshed, "run: tools/uv run python docs/command_line.py"


def test_the_page_has_every_command() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\$ trimma (\w+) --help$", page, re.MULTILINE)) == sorted(main.commands)


def test_every_command_and_option_is_explained() -> None:
    for name, command in main.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or getattr(parameter, "help", None), (name, parameter.name)
