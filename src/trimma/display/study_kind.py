"""What kind of study is shown: the one place that asks."""

from trimma.ports import History


def is_ablation(history: History) -> bool:
    """Whether the study is an ablation.

    What shows an ablation is imported only where this is true, so that a search is shown without it.
    """
    return history.spec.kind == "ablation"
