"""A running ablation as the live view and the line view show it."""

from rich.console import RenderableType

from trimma.display.ablation_design_words import open_ended, plan_words
from trimma.display.ablation_findings_words import decided_words, reference_words
from trimma.display.terminal.findings_reader import FindingsReader
from trimma.display.terminal.live_ablation import ablation_final, ablation_frame
from trimma.ports import History


class AblationView:
    """Pictures and words of a running ablation. What was found is kept from look to look."""

    def __init__(self) -> None:
        self._reader = FindingsReader()

    def frame(self, history: History, now: float, engine: str, width: int, height: int) -> RenderableType:
        """One picture of the running ablation."""
        return ablation_frame(history, now, engine, width, height, self._reader)

    def final(self, history: History, now: float, engine: str, width: int) -> RenderableType:
        """What stays of the pictures when the ablation is over."""
        return ablation_final(history, now, engine, width, self._reader)

    def plan(self, history: History) -> str:
        """What is asked, and how many trainings it takes."""
        return plan_words(self._reader.read(history))

    def open_ended(self, history: History) -> bool:
        """Whether results decide how many trainings there are, so that only the most is known."""
        return open_ended(self._reader.read(history))

    def decided(self, history: History) -> str:
        """Which components are decided by now."""
        return decided_words(self._reader.read(history))

    def reference(self, history: History) -> str:
        """What the components are compared with, and its mean."""
        return reference_words(self._reader.read(history))
