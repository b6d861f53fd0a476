"""An ablation in each of the forms in which a study is shown."""

from rich.console import RenderableType

from trimma.display.ablation.closing import ablation_closing, decided
from trimma.display.ablation.frame import ablation_final, ablation_frame
from trimma.display.ablation.notebook import ablation_html
from trimma.display.ablation.reader import FindingsReader
from trimma.display.differences import decided_words, open_ended, plan_words, reference_words
from trimma.ports import History


class AblationView:
    """Shows an ablation. What was found is kept from look to look of a running one."""

    def __init__(self) -> None:
        self._reader = FindingsReader()

    def frame(self, history: History, now: float, engine: str, width: int, height: int) -> RenderableType:
        """One picture of a running study."""
        return ablation_frame(history, now, engine, width, height, self._reader)

    def final(self, history: History, now: float, engine: str, width: int) -> RenderableType:
        """What stays of the pictures when it is over."""
        return ablation_final(history, now, engine, width, self._reader)

    def closing(self, history: History, kept: str | None, width: int, *, lost: bool) -> RenderableType:
        """How it went."""
        return ablation_closing(history, kept, width, lost=lost)

    def html(self, history: History, *, lost: bool) -> str:
        """How it stands, as an HTML fragment."""
        return ablation_html(history, lost=lost)

    def tally(self, history: History) -> str:
        """How many components are decided."""
        return decided(history)

    def plan(self, history: History) -> str:
        """What is asked, and how many trainings it takes."""
        return plan_words(self._reader.read(history))

    def open_ended(self, history: History) -> bool:
        """Whether there may be fewer trainings than the most that there can be."""
        return open_ended(self._reader.read(history))

    def decided(self, history: History) -> str:
        """Which components are decided by now."""
        return decided_words(self._reader.read(history))

    def reference(self, history: History) -> str:
        """What the components are compared with, and what it came to."""
        return reference_words(self._reader.read(history))
