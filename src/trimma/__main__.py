"""``python -m trimma``."""

from trimma.cli import main

main()
