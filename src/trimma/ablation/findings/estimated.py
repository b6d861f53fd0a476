"""The effects of an ablation's components, estimated by its plan of analysis."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from trimma.ablation.analyses import plan_named
from trimma.ablation.coding_failures import coding_notes
from trimma.ablation.measured import cells
from trimma.ablation.question import Ablation, overlaps, question
from trimma.effects import Analysis, Cell
from trimma.errors import StudyError, TrimmaError
from trimma.ports import History


def analysis(history: History) -> Analysis:
    """The effects of the components, estimated from what is known by now. Raises `StudyError` for other studies."""
    asked = question(history.spec)
    found = _in_order(history)
    with _explained(history, asked):
        estimated = plan_named(asked.analysis).estimate(asked, found, history.maximize)
    notes = [*estimated.notes, *_notes(asked), *coding_notes(history, asked)]
    return replace(estimated, notes=notes)


def interactions(history: History) -> Analysis | None:
    """The interactions: what leaving out a pair changes beyond the sum of its two effects.

    None if the design doesn't tell interactions.
    """
    asked = question(history.spec)
    pairs = plan_named(asked.analysis).pairs
    if pairs is None:
        return None
    with _explained(history, asked):
        return pairs(asked, _in_order(history), history.maximize)


@contextmanager
def _explained(history: History, asked: Ablation) -> Iterator[None]:
    """Raise `StudyError` for whatever a plan of analysis raises: it may be somebody's own."""
    try:
        yield
    except TrimmaError:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise StudyError(
            f"the analysis {asked.analysis!r} of study {history.spec.name!r} has failed: {told}"
        ) from error


def _in_order(history: History) -> Sequence[Cell]:
    """The cells in an order that doesn't depend on which of them ended first, so that the figures don't either."""
    return sorted(cells(history), key=lambda cell: (cell.repeat, cell.arm, cell.again))


def _notes(asked: Ablation) -> list[str]:
    notes = [
        f"{member!r} is in {' and '.join(map(repr, names))}: their differences overlap."
        # settings are left out, since two values of one setting are two components by intention
        for member, names in overlaps([each for each in asked.components if each.kind != "setting"])
    ]
    if asked.censoring:
        notes.append(
            "A scheduler may have stopped trainings early. Those that it stopped aren't compared, which favours what "
            "looked good early on."
        )
    if asked.collapsed is not None:
        notes.append(f"Trainings that came to worse than {asked.collapsed:g} have collapsed, and count as failed.")
    if asked.retune:
        notes.append(f"Each training is the best of {asked.tries} configs, tried for it alone.")
    return [*notes, *asked.notes]
