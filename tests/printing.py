"""What stands on a terminal after something was printed there."""

import io

from rich.console import Console, RenderableType


def printed(renderable: RenderableType, width: int = 80) -> str:
    """The text in lines of at most ``width`` signs, without colours and without blanks at their ends."""
    console = Console(file=io.StringIO(), width=width, record=True, color_system=None)
    console.print(renderable)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())
