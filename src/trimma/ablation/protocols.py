"""The two seams of an ablation: what can be left out, and which arms are run.

An *arm* is what is left out together; the empty arm is the baseline. A *cell* is an arm in one repeat. What the effects
are estimated by is a third thing that may vary, the `trimma.ablation.analyses.AnalysisPlan`.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from trimma.ablation.analyses import AnalysisPlan
from trimma.ablation.arms import Arm
from trimma.ablation.question import Component
from trimma.effects import Cell
from trimma.program import Inputs


class ComponentKind(Protocol):
    """Something of which parts can be left out, such as the columns of a table.

    ``changes`` names those of an objective's inputs "data" and "model" that it takes things out of.
    """

    @property
    def changes(self) -> Sequence[str]: ...

    def components(self, inputs: Inputs) -> Sequence[Component]:
        """What is to be left out of ``inputs``, one by one; called once, where the study is started.

        Raises `UsageError` where it names what there isn't, with the nearest that there is.
        """
        ...

    def remove(self, inputs: Inputs, components: Sequence[Component]) -> Inputs:
        """``inputs`` without ``components``, all at once; called on a worker before each trial.

        For the baseline there are none: what is made anew for the arms is made anew for it, too. What is given may be
        shared with other trials and must stay as it is. Raises `UsageError` where the rest doesn't fit together.
        """
        ...


class Asked(Struct, frozen=True, kw_only=True):
    """What a design may know of its study besides the components and the cells."""

    seed: int
    repeats: int
    maximize: bool


class Design(Protocol):
    """Which arms are run.

    ``analysis`` is how effects are estimated from them: the name of a plan, as "contrasts", or a plan of its own.
    """

    @property
    def analysis(self) -> str | AnalysisPlan: ...

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        """The arms of a repeat (counted from 0), as far as they are known from ``seen``, the cells that have ended.

        With more of them ended there may be more arms, never fewer. The first, which is the same in all repeats, is
        what the others are compared with; it may be named several times, and is then trained as often. Raises
        `UsageError` where these components can't be studied so.
        """
        ...

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        """How many cells there will be at most."""
        ...
