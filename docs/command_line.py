"""Brings the help texts in docs/cli.md up to date; a test fails when they are not.

Run it with: tools/uv run python docs/command_line.py
"""

import re
from pathlib import Path

import click

from trimma.cli import main as commands

PAGE = Path(__file__).parent / "cli.md"
BLOCK = re.compile(r"(```text\n\$ trimma(?: (\w+))? --help\n).*?(```)", re.DOTALL)


def refreshed(page: str) -> str:
    """The page with each block that begins with ``$ trimma COMMAND --help`` filled with what that prints."""
    return BLOCK.sub(lambda block: block[1] + help_of(block[2]) + block[3], page)


def help_of(name: str | None) -> str:
    """What ``trimma NAME --help`` prints on a terminal of 80 columns; of trimma itself, without a name."""
    group = click.Context(commands, info_name="trimma", terminal_width=80, **commands.context_settings)
    if name is None:
        return commands.get_help(group) + "\n"
    command = commands.commands[name]
    return command.get_help(click.Context(command, group, name, terminal_width=80)) + "\n"


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
