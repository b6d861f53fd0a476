"""The command line: ``trimma demo | ls | show | plot | resume | export | rm | doctor``."""

from trimma.cli.main import main

__all__ = ["main"]
