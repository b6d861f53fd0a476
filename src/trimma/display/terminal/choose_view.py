"""Choose what shows a running study: an ablation has a view of its own."""

from typing import TYPE_CHECKING

from trimma.display.study_kind import is_ablation
from trimma.ports import History

if TYPE_CHECKING:
    from trimma.display.terminal.ablation_view import AblationView


def ablation_view(history: History) -> "AblationView | None":
    """What shows the study where it is an ablation. For a search it is None."""
    if not is_ablation(history):
        return None
    from trimma.display.terminal.ablation_view import AblationView

    return AblationView()
