"""What must work where only the built wheel is installed. Run by tools/test-wheel; grows by one function a promise."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import metadata, resources
from pathlib import Path

import trimma


def installed_and_not_the_source_tree() -> None:
    assert Path(sys.prefix) in Path(trimma.__file__).parents, trimma.__file__


def version() -> None:
    assert trimma.__version__ == metadata.version("trimma")


def typed() -> None:
    assert resources.files("trimma").joinpath("py.typed").is_file()


def command_line() -> None:
    command = Path(sys.executable).with_name("trimma")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert trimma.__version__ in done.stdout, done.stdout


CHECKS: list[Callable[[], None]] = [installed_and_not_the_source_tree, version, typed, command_line]

if __name__ == "__main__":
    for check in CHECKS:
        check()
        print("wheel:", check.__name__.replace("_", " "), "ok")
