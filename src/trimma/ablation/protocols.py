"""The two protocols of an ablation: kinds of component say what can be left out, designs say which arms are run.

An *arm* is a set of components that are left out together; the empty arm is the baseline. A *cell* is an arm in one
repeat. How effects are estimated from cells is a third choice, the `trimma.ablation.analyses.AnalysisPlan`.
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
    """A kind of part that can be left out, such as the columns of a table.

    ``changes`` names the inputs of the objective that `remove` changes, of "data" and "model".

    A kind may also have ``notes``, a list of sentences that a reader of the report must know, and a method
    ``check_arms(inputs, arms)``. It is called once with the arms of the first repeat, each a list of components, and
    raises `UsageError` for one that can't be made.
    """

    @property
    def changes(self) -> Sequence[str]: ...

    def components(self, inputs: Inputs) -> Sequence[Component]:
        """The components of ``inputs``, each of which can be left out. Called once, where the study is started.

        Raises `UsageError` for a name that the inputs don't have; the message suggests the nearest name.
        """
        ...

    def remove(self, inputs: Inputs, components: Sequence[Component]) -> Inputs:
        """New inputs, without all of ``components``. Called on a worker before each trial.

        For the baseline, ``components`` is empty. If this makes new objects for the other arms, it makes new ones for
        the baseline too. The inputs given may be shared with other trials, and must not be changed. Raises `UsageError`
        if what is left doesn't fit together.
        """
        ...


class Asked(Struct, frozen=True, kw_only=True):
    """What a design may know of its study besides the components and the cells: seed, repeats and direction."""

    seed: int
    repeats: int
    maximize: bool


class Design(Protocol):
    """Says which arms are run.

    ``analysis`` says how effects are estimated from these arms: the name of a plan of analysis, such as "contrasts", or
    the plan itself.
    """

    @property
    def analysis(self) -> str | AnalysisPlan: ...

    def arms(self, components: Sequence[Component], repeat: int, seen: Sequence[Cell], asked: Asked) -> Sequence[Arm]:
        """The arms of a repeat (counted from 0), as far as they are known by now.

        ``seen`` are the cells that have ended. When more cells have ended, there may be more arms, but never fewer. The
        first arm is the reference with which the others are compared, and is the same in all repeats. It may be named
        several times, and is then trained as often in each repeat. Raises `UsageError` if the design doesn't suit these
        components.
        """
        ...

    def trainings(self, components: Sequence[Component], repeats: int) -> int:
        """The greatest number of cells that there will be."""
        ...
