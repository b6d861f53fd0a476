"""The effects of an ablation's components, estimated in the way of its design."""

from collections.abc import Sequence

from msgspec.structs import replace

from trimma.ablation.analyses import plan_named
from trimma.ablation.measured import cells
from trimma.ablation.question import Ablation, overlaps, question
from trimma.effects import Analysis, Cell
from trimma.ports import History


def analysis(history: History) -> Analysis:
    """The effects of the components as far as they are known by now; `StudyError` when the study is no ablation."""
    asked = question(history.spec)
    estimated = plan_named(asked.analysis).estimate(asked, _in_order(history), history.maximize)
    return replace(estimated, notes=[*estimated.notes, *_notes(asked)])


def interactions(history: History) -> Analysis | None:
    """What leaving out both of a pair changes beyond the sum of both; None where the design doesn't tell."""
    asked = question(history.spec)
    pairs = plan_named(asked.analysis).pairs
    return None if pairs is None else pairs(asked, _in_order(history), history.maximize)


def _in_order(history: History) -> Sequence[Cell]:
    """The cells in an order that doesn't depend on which ended first, so that neither do the figures."""
    return sorted(cells(history), key=lambda cell: (cell.repeat, cell.arm, cell.again))


def _notes(asked: Ablation) -> list[str]:
    notes = [
        f"{member!r} is in {' and '.join(map(repr, names))}: their differences overlap."
        # of two values of one setting each is a component of its own
        for member, names in overlaps([each for each in asked.components if each.kind != "setting"])
    ]
    if asked.censoring:
        notes.append(
            "A scheduler may have stopped trainings early. Those that it stopped aren't compared, which favours what "
            "looked good early on."
        )
    if asked.retune:
        notes.append(f"Each training is the best of {asked.tries} configs, tried for it alone.")
    return notes
