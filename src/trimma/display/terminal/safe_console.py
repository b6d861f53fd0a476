"""The console by which everything is written: no control sequence of a study's own text reaches the terminal."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from trimma.safe_text import safe


class SafeConsole(Console):
    """A console that makes all text safe. Its own colours and movements of the cursor stay."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control or text.isprintable() else Segment(safe(text), style)
