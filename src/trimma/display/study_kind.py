"""What kind of study is shown: the one place that asks."""

from typing import TYPE_CHECKING

from trimma.ports import History

if TYPE_CHECKING:
    from trimma.display.ablation.forms import AblationView


def ablation_view(history: History) -> "AblationView | None":
    """What shows the study where it is an ablation; None for a search, which is shown without what that needs."""
    if history.spec.kind != "ablation":
        return None
    from trimma.display.ablation.forms import AblationView

    return AblationView()
